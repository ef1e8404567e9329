"""NAFNet's layer norm is known by what it calls; what only has its name is not."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.engine.streaming.layers import between, image
from wholefield.streaming import NotLocalError, Streamed
from wholefield.streaming.operations import known_functions


class LayerNormFunction(torch.autograd.Function):
    """As in NAFNet."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        ctx.eps = eps
        _, channels, _, _ = x.size()
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        y = (x - mean) / (variance + eps).sqrt()
        ctx.save_for_backward(y, variance, weight)
        return weight.view(1, channels, 1, 1) * y + bias.view(1, channels, 1, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (y, variance, weight) = grads, ctx.saved_tensors
        scaled = grad * weight.view(1, -1, 1, 1)
        by_x = scaled - y * (scaled * y).mean(1, keepdim=True) - scaled.mean(1, keepdim=True)
        return by_x / (variance + ctx.eps).sqrt(), (grad * y).sum((0, 2, 3)), grad.sum((0, 2, 3)), None


class Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.rand(4)), nn.Parameter(torch.rand(4))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = LayerNormFunction.apply(x, self.weight, self.bias, 1e-6)
        return found


def test_the_layer_norm_of_nafnet_streams(exact: Callable[..., None]) -> None:
    exact(between(Norm(), 2), image(batch=2), 5, 1)


def test_a_function_of_that_name_that_calls_something_else_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Other(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
            return x - x.mean((2, 3), keepdim=True)

    monkeypatch.setitem(globals(), known_functions.LAYER_NORM, Other)
    with pytest.raises(NotLocalError, match="backward of its own"):
        Streamed(between(Norm(), 2), 5)(image())
