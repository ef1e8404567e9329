"""The runs that are killed: one small one of every kind, on data that is made for it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tifffile

from wholefield.runs.settings import RunSettings
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings, SegmentSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings

Make = Callable[[Path], RunSettings]
# So often that a checkpoint is written at every step.
EVERY_STEP = 1e-9


def stack_regression(folder: Path) -> RunSettings:
    """Two epochs of two steps, with a checkpoint within them."""
    return StackRegressionSettings(
        stack=volume(folder / "input.tif"), target=volume(folder / "target.tif", 3.0), depth=2, epochs=2,
        crops=1, batch_size=2, validation_fraction=0.4, checkpoint_minutes=EVERY_STEP,
    )  # fmt: skip


def stack_segmentation(folder: Path) -> RunSettings:
    """The same for labels."""
    return StackSegmentationSettings(
        stack=volume(folder / "input.tif"), target=labels(folder / "labels.tif"), depth=2, epochs=2,
        crops=1, batch_size=2, validation_fraction=0.4, checkpoint_minutes=EVERY_STEP,
    )  # fmt: skip


def classify(folder: Path) -> RunSettings:
    """Two classes of slides, four in all."""
    rows = ["file,label", *(f"{slide(folder, number).name},{'ab'[number % 2]}" for number in range(4))]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return ClassifySettings(
        slides=folder, labels=folder / "labels.csv", epochs=2, tile_size=32, checkpoint_minutes=EVERY_STEP
    )


def segment(folder: Path) -> RunSettings:
    """Bright and dark pixels of four slides."""
    rows = ["file,mask"]
    for number in range(4):
        pixels = tifffile.imread(slide(folder, number))
        mask = folder / f"mask_{number}.tif"
        tifffile.imwrite(mask, (pixels[..., 0] > 100).astype(np.uint8), photometric="minisblack")
        rows.append(f"slide_{number}.tif,{mask.name}")
    (folder / "masks.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return SegmentSettings(
        slides=folder, masks=folder / "masks.csv", epochs=2, tile_size=32, width=4, depth=1,
        checkpoint_minutes=EVERY_STEP,
    )  # fmt: skip


def predict_stack(folder: Path) -> RunSettings:
    """The result of a small network on a stack."""
    return StackPredictSettings(
        stack=volume(folder / "input.tif"), checkpoint=trained(folder, stack_regression)
    )


def predict_slide(folder: Path) -> RunSettings:
    """The classes of a slide."""
    checkpoint = trained(folder, segment)
    return PredictSettings(slide=folder / "data" / "slide_0.tif", checkpoint=checkpoint, tile_size=32)


RUNS: Mapping[str, Make] = {
    each.__name__.replace("_", "-"): each
    for each in (stack_regression, stack_segmentation, classify, segment, predict_stack, predict_slide)
}


def trained(folder: Path, make: Make) -> Path:
    """The checkpoint of a training."""
    from wholefield.runs.control import Control
    from wholefield.runs.reports import ignore
    from wholefield.tasks.registry import run_task

    (folder / "data").mkdir()
    run_task(make(folder / "data"), folder / "training", ignore, Control())
    return folder / "training" / "best.ckpt"


def volume(path: Path, gain: float = 1.0) -> Path:
    """Noise, five slices."""
    values = np.random.default_rng(1).normal(1000, 50, (5, 11, 13)).astype(np.float32)
    tifffile.imwrite(path, gain * values, photometric="minisblack")
    return path


def labels(path: Path) -> Path:
    """Its bright half."""
    values = np.random.default_rng(1).normal(1000, 50, (5, 11, 13)) > 1000
    tifffile.imwrite(path, values.astype(np.uint8), photometric="minisblack")
    return path


def slide(folder: Path, number: int) -> Path:
    """A small slide of noise, brighter the higher its number."""
    path = folder / f"slide_{number}.tif"
    pixels = np.random.default_rng(number).integers(0, 128 + 30 * number, (64, 64, 3)).astype(np.uint8)
    tifffile.imwrite(path, pixels, tile=(32, 32), photometric="rgb")
    return path
