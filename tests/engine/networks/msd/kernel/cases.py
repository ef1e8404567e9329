"""Blocks to test the kernel with, their parameters, and the block as it is usually written."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.streaming import symmetric_pad

# shape, layers, width, dilations, group
CASES = [
    ((2, 2, 17, 13), 7, 2, (1, 2, 3, 5, 4), 3),
    ((1, 1, 9, 10), 12, 1, range(1, 10), 5),
    ((1, 3, 11, 5), 3, 3, (5, 1), 10),
    ((3, 1, 1, 7), 2, 1, (1,), 1),
    ((2, 3, 7, 9, 8), 5, 2, (1, 2, 4, 7), 2),
    ((1, 1, 5, 6, 5), 4, 1, (5, 1), 10),
]


def parameters(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, list[Tensor], tuple[int, ...]]:
    generator = torch.Generator().manual_seed(depth + width)

    def normal(*size: int, scale: float = 1.0) -> Tensor:
        values = scale * torch.randn(size, generator=generator, dtype=torch.float64)
        return values.to(dtype).requires_grad_()

    kernel = [3] * (len(shape) - 2)
    weights = [normal(width, shape[1] + i * width, *kernel, scale=0.4 / (1 + i)) for i in range(depth)]
    each = tuple(dilations[i % len(dilations)] for i in range(depth))
    return normal(*shape), normal(depth * width, scale=0.1), weights, each


def with_cat(image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """The block as it is usually written: pad, convolve, concatenate."""
    convolve = functional.conv2d if image.ndim == 4 else functional.conv3d
    for biases, weight, dilation in zip(bias.view(len(weights), -1), weights, dilations, strict=True):
        padded = symmetric_pad(image, (dilation, dilation) * (image.ndim - 2))
        image = torch.cat([image, functional.relu(convolve(padded, weight, biases, dilation=dilation))], 1)
    return image
