"""The demo slides: sections with and without a few hidden spores, as pyramidal TIFF with labels, masks and truth."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.export.pyramid import Compression, PyramidSettings, write_pyramid
from wholefield.files import replacing
from wholefield.progress import ProgressCallback
from wholefield_resources.demo.canvas import Materials, make_materials
from wholefield_resources.demo.stamps import SPORE_RADIUS
from wholefield_resources.demo.tissue import Section, make_section

SPACING_UM = 0.5
NORMAL = "normal"
INFECTED = "infected"
LABELS_NAME = "labels.csv"
MASKS_NAME = "masks.csv"
MASKS_FOLDER = "masks"
CLASSES = ("background", "spore")
POSITIONS_NAME = "positions.csv"
TRUTH_FOLDER = "truth"
PYRAMID = PyramidSettings(tile_size=256, compression=Compression.JPEG, quality=92, coarsest=256)
MASK_PYRAMID = PyramidSettings(tile_size=256, coarsest=256, labels=True)
THREADS = 2


@dataclass(frozen=True)
class DemoSettings:
    """How many slides are made, and what they are like.

    Attributes:
        count: Number of slides; every second one is infected.
        sides: Smallest and largest side in px.
        spores: Fewest and most spores in an infected slide.
        seed: The same seed gives the same slides.
    """

    count: int = 40
    sides: tuple[int, int] = (720, 1040)
    spores: tuple[int, int] = (8, 18)
    seed: int = 7


@dataclass(frozen=True)
class SlidePlan:
    """One slide to be made.

    Attributes:
        name: File name.
        label: Class.
        seed: Seed of the section.
        shape: (height, width) in px.
        spore_count: Spores to hide.
    """

    name: str
    label: str
    seed: tuple[int, int]
    shape: tuple[int, int]
    spore_count: int


@dataclass(frozen=True)
class SporePosition:
    """The middle of a spore in px of level 0; the truth that a class-activation map is judged by."""

    file: str
    x: float
    y: float


def plan_slides(settings: DemoSettings) -> list[SlidePlan]:
    """What will be made. Sizes are odd and differ; names do not tell the class."""
    rng = np.random.default_rng([settings.seed, 0x51DE])
    labels = rng.permutation([NORMAL, INFECTED] * (settings.count // 2) + [NORMAL] * (settings.count % 2))
    plans = []
    for index, label in enumerate(labels):
        height, width = (int(side) | 1 for side in rng.integers(settings.sides[0], settings.sides[1], 2))
        spores = int(rng.integers(settings.spores[0], settings.spores[1] + 1)) if label == INFECTED else 0
        name = f"section_{index + 1:02d}.tif"
        plans.append(SlidePlan(name, str(label), (settings.seed, index), (height, width), spores))
    return plans


def draw_slide(materials: Materials, plan: SlidePlan) -> Section:
    """The section of a plan."""
    return make_section(materials, plan.seed, plan.shape, plan.spore_count)


def make_demo_slides(
    folder: Path, settings: DemoSettings | None = None, progress: ProgressCallback | None = None
) -> list[SlidePlan]:
    """Make the slides and, beside their folder, the labels, the masks and the true positions of the spores.

    Every file appears under its name only when it is complete.

    Args:
        folder: Where the slides go; all else goes into its parent. Made if it is missing.
        settings: What to make.
        progress: Called in this thread with the slides done and the slides in all; an error that it raises stops
            the work.

    Returns:
        What was made.

    Raises:
        OSError: The disk is full or may not be written to.
    """
    settings = settings or DemoSettings()
    folder.mkdir(parents=True, exist_ok=True)
    plans = plan_slides(settings)
    spores = _make_all(folder, plans, make_materials(settings.seed), progress or (lambda done, total: None))
    rows = [SporePosition(plan.name, *map(float, xy)) for plan in plans for xy in spores[plan.name]]
    _write_csv(folder.parent / LABELS_NAME, ("file", "label"), ((plan.name, plan.label) for plan in plans))
    _write_csv(folder.parent / POSITIONS_NAME, ("file", "x", "y"), ((row.file, row.x, row.y) for row in rows))
    infected = [plan for plan in plans if plan.spore_count]
    masks = ((plan.name, f"../{MASKS_FOLDER}/{plan.name}") for plan in infected)
    _write_csv(folder.parent / MASKS_NAME, ("file", "mask"), masks)
    for plan in infected:
        stem = Path(plan.name).stem
        _write_outlines(folder.parent / TRUTH_FOLDER / f"{stem}.geojson", spores[plan.name])
        _write_mask(folder.parent / MASKS_FOLDER / plan.name, plan.shape, spores[plan.name])
    return plans


def read_positions(path: Path) -> list[SporePosition]:
    """The true positions of the spores of all slides, from the file written beside the labels."""
    with path.open(newline="", encoding="utf-8") as file:
        return [SporePosition(row["file"], float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]


def spore_outlines(spores: npt.NDArray[np.float64]) -> dict[str, object]:
    """GeoJSON of the spores (n, 2) as octagons in px of level 0, as QuPath reads it."""
    angles = 2 * np.pi * np.arange(9) / 8
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * SPORE_RADIUS
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [np.round(middle + circle, 2).tolist()]},
            "properties": {"objectType": "annotation", "classification": {"name": "spore"}},
        }
        for middle in spores
    ]
    return {"type": "FeatureCollection", "features": features}


def spore_mask(shape: tuple[int, int], spores: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """1 where a spore (n, 2) with its capsule covers a pixel of an image (height, width), otherwise 0."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, np.uint8)
    for x, y in spores:
        mask[(rows - y) ** 2 + (columns - x) ** 2 < SPORE_RADIUS**2] = 1
    return mask


def _make_all(
    folder: Path, plans: Sequence[SlidePlan], materials: Materials, progress: ProgressCallback
) -> dict[str, npt.NDArray[np.float64]]:
    """Draw and write every slide with a few threads: name -> spores (n, 2)."""

    def make(plan: SlidePlan) -> tuple[str, npt.NDArray[np.float64]]:
        section = draw_slide(materials, plan)
        write_pyramid(folder / plan.name, section.pixels, (SPACING_UM, SPACING_UM), PYRAMID)
        return plan.name, section.spores

    spores: dict[str, npt.NDArray[np.float64]] = {}
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "demo-slides") as pool:
        try:
            for done in as_completed([pool.submit(make, plan) for plan in plans]):
                name, positions = done.result()
                spores[name] = positions
                progress(len(spores), len(plans))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return spores


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def _write_outlines(path: Path, spores: npt.NDArray[np.float64]) -> None:
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(spore_outlines(spores)), encoding="utf-8")


def _write_mask(path: Path, shape: tuple[int, int], spores: npt.NDArray[np.float64]) -> None:
    path.parent.mkdir(exist_ok=True)
    write_pyramid(path, spore_mask(shape, spores), (SPACING_UM, SPACING_UM), MASK_PYRAMID)
