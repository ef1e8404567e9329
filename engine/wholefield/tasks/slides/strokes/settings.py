"""The settings of a segmentation from strokes. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le, Lt

from wholefield.runs.settings import Group, PathKind, Setting
from wholefield.training.settings import (
    Augmentation,
    AugmentationSetting,
    BatchSize,
    Epochs,
    LearningRate,
    Schedule,
    TrainingSettings,
)


@dataclass(frozen=True, kw_only=True)
class StrokesSettings(TrainingSettings):
    """Train a U-Net on the strokes that are drawn on one slide, to name the class of every pixel.

    Only pixels that strokes cover count; all classes count the same, however much of each is labeled. Strokes that are
    added to the file while the training runs join it.
    """

    task: ClassVar[str] = "segment-strokes"
    command: ClassVar[tuple[str, ...]] = ("train", "segment-strokes")

    slide: Annotated[Path, Setting("The slide.", group=Group.DATA, path=PathKind.EXISTING, positional=True)]
    strokes: Annotated[
        Path,
        Setting(
            "Strokes or areas of at least two classes, as GeoJSON in pixels of the full resolution. The file is read "
            "again whenever it changes.",
            group=Group.DATA,
            path=PathKind.FILE,
            suffixes=(".geojson", ".geojson.gz", ".json"),
        ),
    ]
    level: Annotated[
        int, Ge(0), Setting("Pyramid level to read; 0 is the full resolution.", group=Group.DATA)
    ] = 0
    crop_size: Annotated[
        int, Ge(16), Setting("Side of the square crops around strokes.", unit="px", group=Group.DATA)
    ] = 64
    crops_per_epoch: Annotated[int, Ge(1), Setting("Crops of an epoch.", group=Group.DATA, advanced=True)] = (
        128
    )
    width: Annotated[
        int, Ge(1), Setting("Channels of the finest level of the U-Net.", group=Group.NETWORK)
    ] = 12
    depth: Annotated[
        int, Ge(1), Le(6), Setting("Number of times the U-Net halves the image.", group=Group.NETWORK)
    ] = 3
    epochs: Epochs = 200
    batch_size: BatchSize = 8
    learning_rate: LearningRate = 3e-3
    schedule: Annotated[
        Schedule,
        Setting(
            "How the learning rate changes after the warm-up.", label="Learning-rate schedule", advanced=True
        ),
    ] = Schedule.CONSTANT
    validation_fraction: Annotated[
        float,
        Gt(0),
        Lt(1),
        Setting(
            "Share of the strokes of every class that is kept for validation.",
            label="Validation",
            group=Group.VALIDATION,
            percent=True,
        ),
    ] = 0.25
    augmentation: AugmentationSetting = Augmentation.FLIPS_AND_ROTATIONS
    intensity_jitter: Annotated[
        float,
        Ge(0),
        Lt(1),
        Setting(
            "Strength of random changes of gain and offset of every channel, in standard deviations; 0 for none.",
            group=Group.AUGMENTATION,
        ),
    ] = 0.2
