"""The settings of the slide tasks: classify, segment and predict."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from wholefield.errors import SettingError
from wholefield.networks.registry import find_model
from wholefield.runs.settings import About, RunSettings, load_config, save_config

__all__ = [
    "ClassifyConfig",
    "Device",
    "Head",
    "Precision",
    "PredictConfig",
    "RunSettings",
    "SegmentConfig",
    "TrainingConfig",
    "load_config",
    "save_config",
]


class Device(StrEnum):
    """Where the network computes; `auto` takes a CUDA device where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Head(StrEnum):
    """How the features of a slide become one answer: their mean, or a mean weighted by gated attention."""

    AVERAGE = "average"
    ATTENTION = "attention"


class Precision(StrEnum):
    """Number format of the computation, by Lightning's names."""

    FULL = "32-true"
    DOUBLE = "64-true"
    BF16 = "bf16-mixed"
    FP16 = "16-mixed"


def _demand_file(name: str, path: Path) -> None:
    if not path.is_file():
        raise SettingError(f"The setting {name} names {path}, which is not a file; choose an existing one.")


def _demand_folder(name: str, path: Path) -> None:
    if not path.is_dir():
        raise SettingError(f"The setting {name} names {path}, which is not a folder; choose an existing one.")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(RunSettings):
    """What all trainings on slides have in common.

    The slides are read at one pyramid level, whole or, with `crop_size`, as one random square of it a step.
    """

    slides: Annotated[Path, About("Folder of the slides.")]
    tile_size: Annotated[int, About("Side of a tile in pixels of the level.", at_least=1)] = 512
    level: Annotated[int, About("Pyramid level to read; 0 is the full resolution.", at_least=0)] = 0
    crop_size: Annotated[
        int | None,
        About("Side in pixels of the random squares to train on; none trains on whole slides.", at_least=32),
    ] = None
    crops_per_slide: Annotated[int, About("Random squares per slide and epoch.", at_least=1)] = 1
    epochs: Annotated[int, About("Passes over the training slides.", at_least=1)] = 20
    learning_rate: Annotated[float, About("Step width of the optimiser (AdamW).", above=0)] = 1e-3
    validation_fraction: Annotated[
        float, About("Share of the slides kept for validation.", above=0, below=1)
    ] = 0.25
    accumulate: Annotated[int, About("Slides whose gradients are averaged in one step.", at_least=1)] = 1
    turns: Annotated[
        bool, About("Turn training images by quarters and mirror them, at random at each visit.")
    ] = False
    tint: Annotated[
        float,
        About(
            "Strength of random changes of brightness, contrast and saturation; 0 for none.",
            at_least=0,
            at_most=1,
        ),
    ] = 0.0
    halo_memory: Annotated[
        int, About("MiB of tile borders to keep in memory; the rest goes to a temporary folder.", at_least=0)
    ] = 4096
    seed: Annotated[
        int, About("Seed of split, initial weights, order and crops.", at_least=0, at_most=2**32 - 1)
    ] = 0
    precision: Annotated[Precision, About("Number format of the computation.")] = Precision.FULL
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

    @property
    def repeats(self) -> int:
        """Visits to each slide in an epoch."""
        return self.crops_per_slide if self.crop_size else 1

    def validate(self) -> None:
        """Check limits and the folder of the slides.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        _demand_folder("slides", self.slides)


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig(TrainingConfig):
    """Train a network to name the class of a whole slide.

    The classes are those that the label file names, in sorted order.
    """

    task: ClassVar[str] = "classify"
    runner: ClassVar[str] = "wholefield.tasks.slides.classify:train_classifier"
    command: ClassVar[tuple[str, ...]] = ("train", "classify")

    labels: Annotated[Path, About("CSV file with the columns file and label, one row a slide.")]
    model: Annotated[str, About("Network, by its name in the list of models.")] = "small_cnn"
    weights: Annotated[
        str | None,
        About("Weights to start from: a file, or DEFAULT for the published ones; none starts afresh."),
    ] = None
    head: Annotated[Head, About("How the features of a slide are pooled.")] = Head.AVERAGE

    def validate(self) -> None:
        """Check limits, model and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        entry = find_model(self.model)
        _demand_file("labels", self.labels)
        if self.weights is not None and not entry.pretrained and self.weights == "DEFAULT":
            raise SettingError(
                f"The model {self.model} has no published weights; leave the setting weights empty."
            )


@dataclass(frozen=True, kw_only=True)
class SegmentConfig(TrainingConfig):
    """Train a U-Net to name the class of every pixel.

    Masks are images of labels of the same size as their slides.
    """

    task: ClassVar[str] = "segment"
    runner: ClassVar[str] = "wholefield.tasks.slides.segment:train_segmenter"
    command: ClassVar[tuple[str, ...]] = ("train", "segment")

    masks: Annotated[
        Path,
        About("CSV file with the columns file and mask, and x, y, width and height for parts of a slide."),
    ]
    foreground: Annotated[
        bool, About("Take every label above 0 as one class, as in masks that number single objects.")
    ] = False
    names: Annotated[
        str,
        About("Names of the classes in the order of their labels, with commas between; none numbers them."),
    ] = ""
    ignore_label: Annotated[int | None, About("Label of pixels that count for nothing.", at_least=0)] = None
    balance: Annotated[bool, About("Weigh rare classes up until every class has the same say.")] = False
    width: Annotated[int, About("Channels of the finest level of the U-Net.", at_least=1)] = 16
    depth: Annotated[int, About("How often the U-Net halves the image.", at_least=1, at_most=8)] = 3
    weights: Annotated[str | None, About("Weights file to start from; none starts afresh.")] = None

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        _demand_file("masks", self.masks)


@dataclass(frozen=True, kw_only=True)
class PredictConfig(RunSettings):
    """Predict the class of a slide and where the evidence for each class lies, or the class of every pixel."""

    task: ClassVar[str] = "predict"
    runner: ClassVar[str] = "wholefield.tasks.slides.predict:predict_into"
    command: ClassVar[tuple[str, ...]] = ("predict",)

    slide: Annotated[Path, About("The slide.", positional=True)]
    checkpoint: Annotated[Path, About("A checkpoint of a training run (best.ckpt or last.ckpt).")]
    tile_size: Annotated[int, About("Side of a tile in pixels of the level.", at_least=1)] = 512
    level: Annotated[
        int | None, About("Pyramid level to read; none takes the level of the training.", at_least=0)
    ] = None
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        _demand_file("checkpoint", self.checkpoint)
        if not self.slide.exists():
            raise SettingError(f"The slide {self.slide} does not exist; choose an existing one.")
