"""Sliding windows and sums of overlapping ones, between two convolutions: values and gradients."""

from collections.abc import Callable

import pytest
from torch import Tensor
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, image


def sliding(x: Tensor) -> Tensor:
    windows = functional.unfold(x, (3, 2), dilation=(1, 2), padding=(0, 1))
    return windows.reshape(x.shape[0], 4, 6, x.shape[2] - 2, x.shape[3]).mean(2)


def overlapping(x: Tensor) -> Tensor:
    windows = functional.unfold(x, 3, padding=1, stride=2)
    return functional.fold(windows.tanh(), x.shape[2:], 3, padding=1, stride=2)


def apart(x: Tensor) -> Tensor:
    windows = functional.unfold(x, 2, stride=3, padding=1)
    return functional.fold(windows, x.shape[2:], 2, stride=3, padding=1)


def along(x: Tensor) -> Tensor:
    return x.unfold(2, 3, 2).unfold(3, 4, 1).flatten(4).square().mean(-1)


@pytest.mark.parametrize("layer", [sliding, overlapping, apart, along])
def test_windows(layer: Callable[[Tensor], Tensor], exact: Callable[..., None]) -> None:
    exact(between(Apply(layer), 2), image(batch=2), 1, 5, (7, 4))
