"""Small networks to stream, and images for them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
SIZES = {1: (29,), 2: (17, 22), 3: (9, 8, 11)}


class Apply(nn.Module):
    """A function of a tensor and the module's layers."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Any:
        return self.function(x, *self.layers)


def conv(inputs: int = 4, outputs: int = 4, kernel: int = 3, axes: int = 2, **options: Any) -> nn.Module:
    return CONVOLUTIONS[axes - 1](inputs, outputs, kernel, padding=kernel // 2, **options)


def between(layer: nn.Module, axes: int, channels: int = 4, channels_out: int | None = None) -> nn.Module:
    """The layer with a convolution before and behind it, so that it gets halos and must hand on some."""
    return nn.Sequential(
        conv(2, channels, axes=axes), layer, conv(channels_out or channels, 3, axes=axes)
    ).double()


def image(axes: int = 2, channels: int = 2, batch: int = 1) -> Tensor:
    return torch.randn(batch, channels, *SIZES[axes], dtype=torch.float64)


def small(channels: int = 4) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, channels, 3, padding=1),
        nn.BatchNorm2d(channels).eval(),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(channels, 3, 3, padding=1),
    )
