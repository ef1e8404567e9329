"""Clipping at zero in the memory of its input."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction, once_differentiable

__all__ = ["ReLUInplaceFunction", "ReLUInplaceModule"]


class ReLUInplaceFunction(torch.autograd.Function):
    """apply(input): max(input, 0), overwriting the input.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.relu_inplace import ReLUInplaceFunction
        >>> ReLUInplaceFunction.apply(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        """Clip at zero in place."""
        if _may_be_dirty(input):
            ctx.mark_dirty(input)
            result = input.clamp_min_(0)
        else:
            result = input.data.clamp_min_(0)
        # Of its own memory: later layers may write beside the result into the same buffer.
        ctx.save_for_backward(result > 0)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        """The gradient where the result is positive."""
        (positive,) = ctx.saved_tensors
        return grad_output * positive


def _may_be_dirty(input: Tensor) -> bool:
    """Whether autograd lets a tensor be changed in place: no parameter or other leaf, no view out of a stitch."""
    leaf = input.is_leaf and input.requires_grad
    return not leaf and not (input._is_view() and isinstance(input.grad_fn, BackwardCFunction))


class ReLUInplaceModule(nn.Module):
    """Clipping at zero in the memory of its input.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.relu_inplace import ReLUInplaceModule
        >>> values = torch.tensor([-1.0, 2.0])
        >>> ReLUInplaceModule()(values)
        tensor([0., 2.])
        >>> values
        tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """max(input, 0)."""
        result: Tensor = ReLUInplaceFunction.apply(input)
        return result
