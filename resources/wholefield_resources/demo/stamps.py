"""Small things drawn over tissue: nuclei, red blood cells, bubbles and spores, as patches of stain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield_resources.demo.texture import Plane, smooth_noise

ANGLES = 24
VARIANTS = 6
SPORE_RADIUS = 9.0


class Kind(Enum):
    """What can be drawn."""

    EPITHELIUM = auto()
    FIBROBLAST = auto()
    LYMPHOCYTE = auto()
    PYKNOTIC = auto()
    RED_CELL = auto()
    BUBBLE = auto()
    GRANULE = auto()
    SPORE = auto()


@dataclass(frozen=True)
class Stamp:
    """A patch of stain.

    Attributes:
        cover: (side, side) how far the patch replaces what lies under it, 0 to 1.
        stain: (side, side, 3) amounts of haematoxylin, eosin and brown pigment.
    """

    cover: Plane
    stain: Plane


Library = dict[tuple[Kind, int, int], Stamp]

# Half axes in px at 0.5 um per px: long, short, and by how much they vary.
NUCLEI = {
    Kind.EPITHELIUM: (9.0, 5.6, 0.14, 0.85),
    Kind.FIBROBLAST: (13.5, 2.9, 0.2, 0.95),
    Kind.LYMPHOCYTE: (5.8, 5.3, 0.1, 1.25),
    Kind.PYKNOTIC: (4.6, 4.2, 0.25, 1.75),
}


def stamp_library(rng: np.random.Generator) -> Library:
    """All stamps: every kind in several variants and directions."""
    return {
        (kind, variant, turn): _draw(rng, kind, np.pi * turn / ANGLES)
        for kind in Kind
        for variant in range(VARIANTS)
        for turn in range(ANGLES)
    }


def press(planes: Plane, stamp: Stamp, y: float, x: float, clip: npt.NDArray[np.bool_] | None = None) -> None:
    """Draw a stamp with its middle at (y, x) into stain planes (height, width, 3), in place.

    What falls outside the planes, or outside `clip` (height, width), is left out.
    """
    side = stamp.cover.shape[0]
    top, left = round(y) - side // 2, round(x) - side // 2
    first_y, first_x = max(-top, 0), max(-left, 0)
    last_y, last_x = min(side, planes.shape[0] - top), min(side, planes.shape[1] - left)
    if first_y >= last_y or first_x >= last_x:
        return
    inner = np.s_[first_y:last_y, first_x:last_x]
    outer = np.s_[top + first_y : top + last_y, left + first_x : left + last_x]
    cover = stamp.cover[inner] if clip is None else stamp.cover[inner] * clip[outer]
    planes[outer] += cover[..., None] * (stamp.stain[inner] - planes[outer])


def _stamp(cover: Plane, haematoxylin: Any, eosin: Any, pigment: Any = 0.0) -> Stamp:
    planes = np.broadcast_arrays(cover, haematoxylin, eosin, pigment)[1:]
    return Stamp(np.asarray(cover, np.float32), np.stack(planes, axis=-1).astype(np.float32))


def _draw(rng: np.random.Generator, kind: Kind, angle: float) -> Stamp:
    if kind in NUCLEI:
        return _nucleus(rng, *NUCLEI[kind], angle)
    drawn = {Kind.RED_CELL: _red_cell, Kind.BUBBLE: _bubble, Kind.GRANULE: _granule, Kind.SPORE: _spore}
    return drawn[kind](rng)


def _grid(reach: float) -> tuple[Plane, Plane]:
    half = int(np.ceil(reach)) + 2
    offsets = np.arange(-half, half + 1, dtype=np.float32)
    y, x = np.meshgrid(offsets, offsets, indexing="ij")
    return y, x


def _edge(distance: npt.NDArray[np.floating], softness: float = 0.8) -> Plane:
    """1 inside, 0 outside, with a soft step where the distance (px, negative inside) is 0."""
    return np.asarray(1 / (1 + np.exp(np.clip(distance / softness, -30, 30))), np.float32)


def _nucleus(
    rng: np.random.Generator, long: float, short: float, spread: float, stain: float, angle: float
) -> Stamp:
    long, short = (axis * np.exp(rng.normal(0, spread)) for axis in (long, short))
    # The edge is as soft as the shape is long, so that slender nuclei taper.
    y, x = _grid(max(long, short) * (1.06 + 2.4 / min(long, short)))
    along = (x * np.cos(angle) + y * np.sin(angle)) / long
    across = (y * np.cos(angle) - x * np.sin(angle)) / short
    radius = np.hypot(along, across)
    wobble = 1 + 0.06 * np.cos(3 * np.arctan2(across, along) + rng.uniform(0, 6.3))
    distance = (radius - wobble) * min(long, short)
    chromatin = smooth_noise(rng, y.shape, 2.6) * 0.16 + smooth_noise(rng, y.shape, 5.0) * 0.1
    rim = np.exp(-0.5 * ((distance + 1.0) / 0.9) ** 2) * 0.25
    amount = stain * (0.86 + chromatin + rim) * rng.uniform(0.85, 1.15)
    return _stamp(_edge(distance), amount, 0.22)


def _red_cell(rng: np.random.Generator) -> Stamp:
    radius = rng.uniform(5.0, 6.5)
    y, x = _grid(radius * 1.2)
    distance = np.hypot(y, x * rng.uniform(0.9, 1.1)) - radius
    paler = 0.3 * np.exp(-0.5 * (np.hypot(y, x) / 2.2) ** 2)
    return _stamp(0.95 * _edge(distance), 0.03, 1.25 - paler)


def _bubble(rng: np.random.Generator) -> Stamp:
    """A round hole of the size of a spore, with nothing in it."""
    y, x = _grid(SPORE_RADIUS * 1.3)
    distance = np.hypot(y, x) - SPORE_RADIUS * rng.uniform(0.8, 1.2)
    return _stamp(0.9 * _edge(distance), 0.02, 0.05)


def _granule(rng: np.random.Generator) -> Stamp:
    """A lump of the pigment of a spore's wall, solid and without a capsule."""
    radius = rng.uniform(1.6, 3.6)
    y, x = _grid(radius * 1.3)
    wobble = 1 + 0.15 * np.cos(3 * np.arctan2(y, x) + rng.uniform(0, 6.3))
    distance = np.hypot(y, x) - radius * wobble
    return _stamp(_edge(distance), 0.4, 0.2, rng.uniform(0.9, 1.6))


def _spore(rng: np.random.Generator) -> Stamp:
    """A round cell with a thick brown wall and a pale inside, in a clear capsule."""
    size = rng.uniform(0.9, 1.1)
    y, x = _grid(SPORE_RADIUS * size * 1.1)
    wobble = 1 + 0.05 * np.cos(2 * np.arctan2(y, x) + rng.uniform(0, 6.3))
    radius = np.hypot(y, x) / (size * wobble)
    wall = np.exp(-0.5 * ((radius - 4.8) / 1.1) ** 2) * rng.uniform(0.85, 1.15)
    inside = np.exp(-0.5 * (radius / 3.0) ** 2)
    capsule = _edge((radius - SPORE_RADIUS) * size)
    return _stamp(capsule, 0.03 + 1.2 * wall, 0.06 + 0.2 * inside, 1.9 * wall + 0.1 * inside)
