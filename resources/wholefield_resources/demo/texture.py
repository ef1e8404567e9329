"""Random textures: smooth noise of several scales, and fibers that follow a direction."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]

FIBER_SIDE = 1024
FIBER_DIRECTIONS = 8
FIBER_KERNEL = 33


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Plane:
    """Gaussian noise whose bumps are about `scale` px wide: (height, width), mean near 0, deviation near 1."""
    grid = tuple(int(np.ceil(side / scale)) + 3 for side in shape)
    coarse = rng.standard_normal(grid, np.float32)
    shift_y, shift_x = rng.random(2, np.float32)
    matrix = np.array([[1 / scale, 0, 1 + shift_x], [0, 1 / scale, 1 + shift_y]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    noise = cv2.warpAffine(coarse, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(noise * np.float32(1.35), np.float32)


def layered_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float, octaves: int = 3) -> Plane:
    """Smooth noise with finer and weaker layers on top, each half as wide and 0.55 as strong as the one before."""
    weights = 0.55 ** np.arange(octaves)
    total = sum(
        np.float32(weight) * smooth_noise(rng, shape, scale / 2**octave)
        for octave, weight in enumerate(weights)
    )
    return np.asarray(total / np.linalg.norm(weights), np.float32)


def directed_fibers(rng: np.random.Generator) -> Plane:
    """Periodic fiber textures (directions, side, side), one for each of evenly spaced directions from 0 to pi."""
    noise = rng.standard_normal((FIBER_SIDE, FIBER_SIDE), np.float32)
    margin = FIBER_KERNEL // 2
    padded = np.pad(noise, margin, mode="wrap")
    layers = []
    for index in range(FIBER_DIRECTIONS):
        drawn = cv2.filter2D(padded, cv2.CV_32F, _fiber_kernel(np.pi * index / FIBER_DIRECTIONS))
        layer = drawn[margin:-margin, margin:-margin]
        layers.append(layer / layer.std())
    return np.asarray(layers, np.float32)


def fibers(rng: np.random.Generator, textures: Plane, direction: Plane, shape: tuple[int, int]) -> Plane:
    """A fiber texture that follows a field of directions.

    Args:
        rng: Chooses which part of the textures is used.
        textures: What `directed_fibers` gives.
        direction: (height, width) angle in radians, any range.
        shape: (height, width) of the result.

    Returns:
        (height, width), mean near 0, deviation near 1.
    """
    rows = (np.arange(shape[0]) + rng.integers(FIBER_SIDE)) % FIBER_SIDE
    columns = (np.arange(shape[1]) + rng.integers(FIBER_SIDE)) % FIBER_SIDE
    position = np.mod(direction / np.pi, 1.0) * FIBER_DIRECTIONS
    total: Plane = np.zeros(shape, np.float32)
    for index in range(FIBER_DIRECTIONS):
        away = np.abs(position - index)
        near = np.clip(1 - np.minimum(away, FIBER_DIRECTIONS - away), 0, 1)
        total += near * textures[index][np.ix_(rows, columns)]
    return total


def _fiber_kernel(angle: float) -> Plane:
    """A short line, softened along its length and across."""
    offsets = np.arange(FIBER_KERNEL, dtype=np.float32) - FIBER_KERNEL // 2
    y, x = np.meshgrid(offsets, offsets, indexing="ij")
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-0.5 * ((along / 8.0) ** 2 + (across / 1.1) ** 2))
    return np.asarray(kernel / kernel.sum(), np.float32)
