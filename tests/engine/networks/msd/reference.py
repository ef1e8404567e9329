"""Convolutions and blocks with symmetric borders in NumPy and float64, tap by tap, independent of torch."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mirrored(length: int, shift: int) -> NDArray[np.int64]:
    """Positions shifted, those outside [0, length) reflected so that the border is repeated."""
    at = np.arange(length) + shift
    return np.where(at < 0, -1 - at, np.where(at >= length, 2 * length - 1 - at, at))


def convolved(image: Array, weight: Array, bias: Array, stride: int = 1, dilation: int = 1) -> Array:
    """(batch, channels, [slice,] row, column) to (batch, out_channels, [slice,] row, column)."""
    spatial = image.shape[2:]
    out = np.zeros((len(image), len(weight), *spatial)) + bias.reshape(-1, *(1,) * len(spatial))
    kernel = weight.reshape(*weight.shape[:2], -1)
    for index, taps in enumerate(product(*(range(size) for size in weight.shape[2:]))):
        moved = image
        for axis, (tap, size) in enumerate(zip(taps, weight.shape[2:], strict=True)):
            moved = moved.take(mirrored(spatial[axis], (tap - size // 2) * dilation), axis + 2)
        out += np.moveaxis(np.tensordot(kernel[:, :, index], moved, (1, 1)), 0, 1)
    for axis, length in enumerate(spatial):
        out = out.take(np.arange(0, length, stride), axis + 2)
    return out


def block(image: Array, dilations: Sequence[int], bias: Array, weights: Sequence[Array]) -> Array:
    """A mixed-scale dense block: the input and all layers, (batch, channels, [slice,] row, column)."""
    biases = bias.reshape(len(weights), -1)
    for dilation, own, weight in zip(dilations, biases, weights, strict=True):
        image = np.concatenate([image, np.maximum(convolved(image, weight, own, 1, dilation), 0)], 1)
    return image
