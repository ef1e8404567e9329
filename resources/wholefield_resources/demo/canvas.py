"""Planes of stain on which a section is drawn, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield_resources.demo.shapes import around, outline, rows_columns, step, wobble
from wholefield_resources.demo.stains import develop, random_staining
from wholefield_resources.demo.stamps import ANGLES, VARIANTS, Kind, Library, press, stamp_library
from wholefield_resources.demo.texture import Plane, directed_fibers, fibers, layered_noise, smooth_noise

MARGIN_PX = 12
# A spore at the ragged edge of the tissue would fade with it.
SOLID_TISSUE = 0.98


@dataclass(frozen=True)
class Materials:
    """What all sections of a collection are made from."""

    stamps: Library
    fibers: Plane


def make_materials(seed: int) -> Materials:
    """Stamps and fiber textures."""
    rng = np.random.default_rng([seed, 0xF1B])
    return Materials(stamp_library(rng), directed_fibers(rng))


class Canvas:
    """A section in the making.

    Attributes:
        planes: (height, width, 3) amounts of haematoxylin, eosin and pigment.
        outline: (height, width) 1 in the tissue, 0 on the glass.
        free: (height, width) where there is connective tissue and nothing else.
        direction: (height, width) direction of the fibers in radians.
    """

    def __init__(self, materials: Materials, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        self.rng = rng
        self.shape = shape
        self.stamps = materials.stamps
        self.textures = materials.fibers
        self.direction = np.asarray(layered_noise(rng, shape, 330.0, 2) * 1.1, np.float32)
        self.outline = outline(rng, shape)
        self.free: npt.NDArray[np.bool_] = self.outline > 0.5
        self.planes: Plane = np.zeros((*shape, 3), np.float32)

    def draw_connective_tissue(self) -> None:
        """Fibers in bundles, with clefts between them."""
        rng, shape = self.rng, self.shape
        fiber = fibers(rng, self.textures, self.direction, shape)
        density = layered_noise(rng, shape, 150.0)
        gaps = np.clip(-(fiber + 0.9 * smooth_noise(rng, shape, 24.0)) - 1.8 + 0.4 * density, 0, 1)
        eosin = (0.52 + 0.075 * fiber + 0.11 * density) * (1 - 0.8 * gaps)
        haematoxylin = 0.11 + 0.02 * fiber + 0.03 * layered_noise(rng, shape, 60.0)
        self.planes[..., 0] = np.maximum(haematoxylin, 0.02)
        self.planes[..., 1] = np.maximum(eosin, 0.03)

    def draw_glands(self) -> None:
        """Rings of cells around a hollow, where there is room."""
        rng = self.rng
        wanted = round(self.free.sum() / 190**2 * rng.uniform(0.55, 0.75))
        for _ in range(wanted * 3):
            if wanted == 0:
                return
            radius = rng.uniform(42, 88)
            y, x = self._place(radius)
            if y >= 0:
                self._draw_gland(y, x, radius)
                wanted -= 1

    def draw_vessels(self) -> None:
        """Small vessels with red cells in them."""
        for _ in range(self.rng.integers(3, 6)):
            radius = self.rng.uniform(14, 34)
            y, x = self._place(radius)
            if y >= 0:
                self._draw_vessel(y, x, radius)

    def scatter_cells(self) -> None:
        """Cells between the glands, and what resembles a spore a little: specks, holes, dark nuclei."""
        rng = self.rng
        area = self.shape[0] * self.shape[1]
        self._scatter(Kind.FIBROBLAST, rng.poisson(area / 1600 * rng.uniform(0.85, 1.15)))
        self._scatter(Kind.LYMPHOCYTE, rng.poisson(area / 4500 * rng.uniform(0.85, 1.15)))
        self._scatter(Kind.PYKNOTIC, rng.poisson(area / 16000 * rng.uniform(0.85, 1.15)))
        self._scatter(Kind.BUBBLE, rng.poisson(area / 16000 * rng.uniform(0.85, 1.15)))
        self._scatter(Kind.GRANULE, rng.poisson(area / 100000 * rng.uniform(0.85, 1.15)))
        for _ in range(rng.integers(0, 4)):
            self._gather_lymphocytes()

    def hide_spores(self, rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
        """Put spores between the glands; their middles (n, 2) as (x, y) in px."""
        room = self.free & (self.outline > SOLID_TISSUE)
        ys, xs = np.nonzero(room[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])
        picks = rng.choice(len(ys), min(count, len(ys)), replace=False)
        spores = np.stack([xs[picks], ys[picks]], axis=1).astype(np.float64) + MARGIN_PX
        for x, y in spores:
            press(self.planes, self._stamp(Kind.SPORE, rng), y, x)
        return spores

    def picture(self, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """The section stained and photographed, (height, width, 3) RGB."""
        staining = random_staining(rng)
        return develop(rng, self.planes * self.outline[..., None], staining)

    def _stamp(self, kind: Kind, rng: np.random.Generator, angle: float = 0.0) -> Any:
        turn = round(angle / np.pi * ANGLES) % ANGLES
        return self.stamps[kind, int(rng.integers(VARIANTS)), turn]

    def _place(self, radius: float) -> tuple[float, float]:
        """A spot where a disc of this radius overlaps nothing drawn before, or (-1, -1)."""
        for _ in range(12):
            y, x = self.rng.uniform(0, self.shape[0]), self.rng.uniform(0, self.shape[1])
            box = self.free[around(y, x, radius)]
            if box.size and box.all():
                return y, x
        return -1.0, -1.0

    def _draw_gland(self, y: float, x: float, radius: float) -> None:
        rng = self.rng
        box = around(y, x, radius * 1.45)
        rows, columns = rows_columns(box, self.shape)
        offset_y, offset_x = rows - y, columns - x
        angle = np.arctan2(offset_y, offset_x)
        stretch = rng.uniform(0.75, 1.25)
        distance = np.hypot(offset_y * stretch, offset_x / stretch)
        outer = radius * wobble(rng, angle, 0.09)
        inner = radius * rng.uniform(0.25, 0.5) * wobble(rng, angle, 0.16)
        body, lumen = step(outer - distance, 1.0), step(inner - distance, 1.3)
        membrane = np.exp(-0.5 * ((distance - outer - 2) / 1.6) ** 2)
        self._blend(box, membrane * 0.8, 0.12, 0.85)
        height = np.clip((distance - inner) / np.maximum(outer - inner, 1), 0, 1)
        noise = smooth_noise(rng, distance.shape, 6.0)
        self._blend(box, body, 0.2 + 0.12 * height + 0.03 * noise, 0.5 + 0.05 * noise - 0.14 * (1 - height))
        self._blend(box, lumen, 0.02, 0.05 + 0.04 * np.clip(smooth_noise(rng, distance.shape, 14.0), 0, 3))
        self._ring_of_nuclei(y, x, stretch, radius)
        self.free[box] &= distance > outer + 5

    def _ring_of_nuclei(self, y: float, x: float, stretch: float, radius: float) -> None:
        rng = self.rng
        for layer in (0.8, 0.66)[: rng.integers(1, 3)]:
            count = int(2 * np.pi * radius * layer / rng.uniform(10.5, 13.0))
            angles = 2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count
            for angle, reach in zip(angles, radius * layer * rng.normal(1, 0.035, count), strict=True):
                offset_y, offset_x = reach * np.sin(angle) / stretch, reach * np.cos(angle) * stretch
                pointing = np.arctan2(offset_y, offset_x)
                stamp = self._stamp(Kind.EPITHELIUM, rng, pointing + rng.normal(0, 0.2))
                press(self.planes, stamp, y + offset_y, x + offset_x)

    def _draw_vessel(self, y: float, x: float, radius: float) -> None:
        rng = self.rng
        box = around(y, x, radius * 1.5)
        rows, columns = rows_columns(box, self.shape)
        stretch = rng.uniform(0.7, 1.4)
        distance = np.hypot((rows - y) * stretch, (columns - x) / stretch)
        distance /= wobble(rng, np.arctan2(rows - y, columns - x), 0.06)
        self._blend(box, step(radius - distance, 1.0), 0.12, 0.8)
        self._blend(box, step(radius * 0.68 - distance, 1.0), 0.02, 0.04)
        for _ in range(int(radius**2 * rng.uniform(0.0, 0.03))):
            angle, reach = rng.uniform(0, 2 * np.pi), radius * 0.55 * np.sqrt(rng.uniform())
            offset_y, offset_x = reach * np.sin(angle) / stretch, reach * np.cos(angle) * stretch
            press(self.planes, self._stamp(Kind.RED_CELL, rng), y + offset_y, x + offset_x)
        self.free[box] &= distance > radius + 4

    def _blend(self, box: Any, cover: Any, haematoxylin: Any, eosin: Any) -> None:
        for plane, amount in enumerate((haematoxylin, eosin, 0.0)):
            self.planes[..., plane][box] += cover * (amount - self.planes[..., plane][box])

    def _scatter(self, kind: Kind, count: int) -> None:
        rng = self.rng
        ys, xs = rng.uniform(0, self.shape[0], count), rng.uniform(0, self.shape[1], count)
        for y, x in zip(ys, xs, strict=True):
            if self.free[int(y), int(x)]:
                angle = float(self.direction[int(y), int(x)]) + rng.normal(0, 0.25)
                press(self.planes, self._stamp(kind, rng, angle), y, x, self.free)

    def _gather_lymphocytes(self) -> None:
        rng = self.rng
        middle = rng.uniform(0, self.shape[0]), rng.uniform(0, self.shape[1])
        for y, x in rng.normal(middle, rng.uniform(18, 55), (rng.integers(40, 80), 2)):
            if 0 <= y < self.shape[0] and 0 <= x < self.shape[1] and self.free[int(y), int(x)]:
                press(self.planes, self._stamp(Kind.LYMPHOCYTE, rng), y, x, self.free)
