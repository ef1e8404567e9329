"""Soft-edged, irregular shapes for drawing tissue."""

from __future__ import annotations

from typing import Any

import numpy as np

from wholefield_resources.demo.texture import Plane, layered_noise


def outline(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    """1 in the tissue and 0 on the glass around it, with a ragged edge."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    inward = 1.0 - (np.abs(y)[:, None] ** 3.5 + np.abs(x)[None, :] ** 3.5)
    ragged = layered_noise(rng, shape, max(shape) / 3.2, 5)
    return np.asarray(step((inward - 0.28 + 0.11 * ragged) * 110, 1.0), np.float32)


def step(inside: Any, softness: float) -> Any:
    """0 where `inside` (px) is negative, 1 where positive, soft between."""
    return 1 / (1 + np.exp(np.clip(-inside / softness, -30, 30)))


def wobble(rng: np.random.Generator, angle: Any, amount: float) -> Any:
    """A factor near 1 that varies smoothly around a circle."""
    waves = (
        amount / order**0.5 * rng.normal() * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
        for order in (2, 3, 4, 5)
    )
    return np.clip(1 + sum(waves), 0.6, 1.4)


def around(y: float, x: float, radius: float) -> tuple[slice, slice]:
    """Rows and columns of the square around a disc, cut at the upper and left border."""
    top, left = int(y - radius), int(x - radius)
    return (
        slice(max(top, 0), max(int(y + radius) + 1, 0)),
        slice(max(left, 0), max(int(x + radius) + 1, 0)),
    )


def rows_columns(box: tuple[slice, slice], shape: tuple[int, int]) -> tuple[Any, Any]:
    """Row numbers (n, 1) and column numbers (1, m) of a box, cut at the lower and right border."""
    sides = zip(box, shape, strict=True)
    rows, columns = (np.arange(*part.indices(side), dtype=np.float32) for part, side in sides)
    return rows[:, None], columns[None, :]
