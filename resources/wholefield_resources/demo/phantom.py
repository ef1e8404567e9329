"""A porous rock with grains and pores of known shape: what the demo stack is a scan of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from wholefield.tomography.phantom import Ellipse

# Attenuation per voxel of 192 in a row: rays through the middle keep about a tenth of the beam.
ROCK = 0.012
PORE = -0.012
GRAIN = 0.014
CYLINDER = 0.88
ROOM = 0.04
TRIES = 4000


class Material(IntEnum):
    """What a voxel of the phantom is; the values of the label stack."""

    AIR = 0
    ROCK = 1
    PORE = 2
    GRAIN = 3


@dataclass(frozen=True)
class Ellipsoid:
    """A body with one axis upright; lengths as shares of half the width of a slice.

    Attributes:
        material: Pore or grain.
        x: Center, to the right.
        y: Center, upwards in the slice.
        z: Center, across the slices; 0 is the middle one.
        a: Half axis along its own first direction.
        b: Half axis along its second direction.
        c: Half axis across the slices.
        turn: Angle of the first direction against the x axis, radians.
    """

    material: Material
    x: float
    y: float
    z: float
    a: float
    b: float
    c: float
    turn: float


def make_bodies(count: int, height: float, seed: int) -> list[Ellipsoid]:
    """Bodies inside the cylinder of rock that do not touch each other; the same for the same seed.

    Args:
        count: How many; fewer where there is no room for more.
        height: Half the height of the stack, as a share of half the width of a slice.
        seed: Seed of sizes and places.
    """
    random = np.random.default_rng(seed)
    bodies: list[Ellipsoid] = []
    for _ in range(TRIES):
        body = _random_body(random, height)
        if all(_apart(body, other) for other in bodies):
            bodies.append(body)
        if len(bodies) == count:
            break
    return bodies


def slice_ellipses(bodies: Sequence[Ellipsoid], z: float) -> list[Ellipse]:
    """The rock and its bodies where the plane at height z cuts them."""
    from wholefield.tomography.phantom import Ellipse

    densities = {Material.PORE: PORE, Material.GRAIN: GRAIN}
    cuts = [(body, 1 - ((z - body.z) / body.c) ** 2) for body in bodies]
    return [Ellipse(ROCK, 0.0, 0.0, CYLINDER, CYLINDER)] + [
        Ellipse(
            densities[body.material],
            body.x,
            body.y,
            body.a * math.sqrt(cut),
            body.b * math.sqrt(cut),
            body.turn,
        )
        for body, cut in cuts
        if cut > 0
    ]


def slice_labels(bodies: Sequence[Ellipsoid], z: float, size: int) -> npt.NDArray[np.uint8]:
    """The material at the center of every pixel of the plane at height z: (size, size)."""
    centers = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = centers[None, :], -centers[:, None]
    labels = np.where(x**2 + y**2 <= CYLINDER**2, np.uint8(Material.ROCK), np.uint8(Material.AIR))
    for body in bodies:
        along = (x - body.x) * math.cos(body.turn) + (y - body.y) * math.sin(body.turn)
        across = (y - body.y) * math.cos(body.turn) - (x - body.x) * math.sin(body.turn)
        inside = (along / body.a) ** 2 + (across / body.b) ** 2 + ((z - body.z) / body.c) ** 2 <= 1
        labels[inside] = body.material
    return labels


def _random_body(random: np.random.Generator, height: float) -> Ellipsoid:
    a = random.uniform(0.03, 0.13)
    radius = (CYLINDER - ROOM - a) * math.sqrt(random.random())
    direction = random.uniform(0, 2 * math.pi)
    return Ellipsoid(
        Material.PORE if random.random() < 0.55 else Material.GRAIN,
        radius * math.cos(direction),
        radius * math.sin(direction),
        random.uniform(-height, height),
        a,
        a * random.uniform(0.5, 1.0),
        a * random.uniform(0.6, 1.0),
        random.uniform(0, math.pi),
    )


def _apart(one: Ellipsoid, other: Ellipsoid) -> bool:
    """Whether two bodies surely do not overlap: the spheres around them are apart."""
    return math.dist((one.x, one.y, one.z), (other.x, other.y, other.z)) > one.a + other.a + ROOM / 2
