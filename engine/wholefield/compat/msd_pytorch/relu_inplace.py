"""Clipping at zero in the memory of its input."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class ReLUInplaceFunction(torch.autograd.Function):
    """apply(input): max(input, 0), overwriting the input."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        """Clip at zero in place."""
        ctx.mark_dirty(input)
        result = input.clamp_min_(0)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        """The gradient where the result is positive."""
        (result,) = ctx.saved_tensors
        return grad_output * (result > 0)


class ReLUInplaceModule(nn.Module):
    """Clipping at zero in the memory of its input."""

    def forward(self, input: Tensor) -> Tensor:
        """max(input, 0)."""
        result: Tensor = ReLUInplaceFunction.apply(input)
        return result
