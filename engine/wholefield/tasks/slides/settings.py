"""The settings of the tasks on slides: classify, segment and predict. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

from wholefield.errors import SettingError
from wholefield.networks.registry import find_model
from wholefield.runs.settings import Choice, Former, Group, PathKind, Requires, RunSettings, Setting, renamed
from wholefield.training.label_values import LabelOptions
from wholefield.training.settings import (
    Augmentation,
    BinarizeLabels,
    ClassWeighting,
    ClassWeightingSetting,
    CropSize,
    Device,
    DeviceSetting,
    IgnoreLabel,
    InitialWeights,
    LabelValues,
    TrainingSettings,
    ValidationFraction,
)

CROPPED = Requires("crop_size", "Set a crop size first.")


class Head(Choice):
    """How the features of a slide become one answer: their mean, or a mean weighted by gated attention."""

    AVERAGE = "average", "Average"
    ATTENTION = "attention", "Gated attention"


TileSize = Annotated[
    int, Ge(1), Setting("Side of a tile in pixels of the level.", unit="px", group=Group.COMPUTATION)
]

Workers = Annotated[
    int | None,
    Ge(1),
    Setting(
        "Tiles computed at the same time; each takes memory of its own.",
        group=Group.COMPUTATION,
        none="Automatic",
        advanced=True,
    ),
]

SkipBackground = Annotated[
    bool,
    Setting(
        "Take tiles without tissue as the color of the glass, which is computed once. Tissue is found by its color "
        "at low resolution; the result is exactly that of the slide with these tiles painted over.",
        group=Group.COMPUTATION,
    ),
]

ExactKernels = Annotated[
    bool,
    Setting(
        "Convolve by direct sums instead of the faster way that rounds a little more.",
        group=Group.COMPUTATION,
        advanced=True,
    ),
]


@dataclass(frozen=True, kw_only=True)
class SlideTrainingSettings(TrainingSettings):
    """What all trainings on slides have in common.

    The slides are read at one pyramid level, whole or, with `crop_size`, as one random square of it per step.
    """

    slides: Annotated[Path, Setting("Folder of the slides.", group=Group.DATA, path=PathKind.FOLDER)]
    level: Annotated[
        int, Ge(0), Setting("Pyramid level to read; 0 is the full resolution.", group=Group.DATA)
    ] = 0
    crop_size: CropSize = None
    crops_per_slide: Annotated[
        int,
        Ge(1),
        Setting("Random square crops per slide and epoch.", group=Group.DATA, advanced=True),
        CROPPED,
    ] = 1
    validation_fraction: ValidationFraction = 0.25
    color_jitter: Annotated[
        float,
        Ge(0),
        Le(1),
        Setting(
            "Strength of random changes of brightness, contrast and saturation; 0 for none.",
            group=Group.AUGMENTATION,
        ),
    ] = 0.0
    tile_size: TileSize = 512
    workers: Workers = None
    exact_kernels: ExactKernels = False
    halo_memory: Annotated[
        int,
        Ge(0),
        Setting(
            "Tile borders to keep in memory; the rest goes to a temporary folder.",
            unit="MiB",
            group=Group.COMPUTATION,
            advanced=True,
        ),
    ] = 4096

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {
            **TrainingSettings.former,
            "tint": renamed("color_jitter", float),
            "turns": Former(
                bool,
                lambda values, on: values.__setitem__(
                    "augmentation", Augmentation.of(flips=on, rotations=on).value
                ),
            ),
        }
    )

    @property
    def loading(self) -> dict[str, Any]:
        """How a loader of slides gives training data, as its keywords."""
        return {
            "square": self.crop_size,
            "repeats": self.crops_per_slide if self.crop_size else 1,
            "seed": self.seed,
            "augmentation": self.augmentation,
            "color_jitter": self.color_jitter,
            "batch_size": self.batch_size,
        }


@dataclass(frozen=True, kw_only=True)
class ClassifySettings(SlideTrainingSettings):
    """Train a network to name the class of a whole slide.

    The classes are those that the label file names, in sorted order.
    """

    task: ClassVar[str] = "classify"
    command: ClassVar[tuple[str, ...]] = ("train", "classify")

    labels: Annotated[
        Path,
        Setting(
            "Table (CSV) with the columns file and label, one row per slide; x, y, width and height for a part of one. "
            "File names are relative to the folder of the slides, or else to the table. Rows without a label, or with "
            "nan, count for nothing.",
            group=Group.DATA,
            path=PathKind.FILE,
            suffixes=(".csv", ".tsv", ".txt"),
        ),
    ]
    model: Annotated[
        str,
        Setting(
            "Network, by its name in the list of models.",
            label="Network",
            group=Group.NETWORK,
            choices="wholefield.networks.registry:titles",
        ),
    ] = "small_cnn"
    head: Annotated[
        Head, Setting("How the features of a slide are pooled.", label="Pooling", group=Group.NETWORK)
    ] = Head.AVERAGE
    initial_weights: Annotated[
        str | None,
        Setting(
            "Weights to start from: a file, or DEFAULT for the pretrained ones.",
            group=Group.NETWORK,
            path=PathKind.FILE,
            none="Random",
            advanced=True,
        ),
    ] = None
    class_weighting: ClassWeightingSetting = ClassWeighting.BALANCED

    def validate(self) -> None:
        """Check limits, model and paths.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        entry = find_model(self.model)
        if self.initial_weights == "DEFAULT" and not entry.pretrained:
            raise SettingError(
                f"The model {self.model} has no pretrained weights; leave the setting initial_weights empty."
            )


@dataclass(frozen=True, kw_only=True)
class SegmentSettings(SlideTrainingSettings):
    """Train a U-Net to name the class of every pixel.

    Masks are images of labels, whole numbers, of the same size as their slides; each value that occurs is a class, or
    those that label_values names: any other is then an error unless ignore_label names it. Or masks are GeoJSON files
    of drawn shapes: the classes are theirs, and pixels that no shape covers count for nothing.
    """

    task: ClassVar[str] = "segment"
    command: ClassVar[tuple[str, ...]] = ("train", "segment")

    masks: Annotated[
        Path,
        Setting(
            "Table (CSV) with the columns file and mask, and x, y, width and height for parts of a slide. Masks are "
            "images of labels, or GeoJSON files of drawn shapes, between which nothing counts. File names are relative "
            "to the folder of the slides, or else to the table.",
            group=Group.DATA,
            path=PathKind.FILE,
            suffixes=(".csv", ".tsv", ".txt"),
        ),
    ]
    label_values: LabelValues = None
    ignore_label: IgnoreLabel = None
    binarize_labels: BinarizeLabels = False
    names: Annotated[
        str,
        Setting(
            "Names of the classes in the order of their labels, separated by commas.",
            label="Class names",
            group=Group.DATA,
            none="Numbers",
        ),
    ] = ""
    width: Annotated[
        int,
        Ge(1),
        Setting("Channels of the finest level of the U-Net.", group=Group.NETWORK),
    ] = 16
    depth: Annotated[
        int,
        Ge(1),
        Le(8),
        Setting("Number of times the U-Net halves the image.", group=Group.NETWORK),
    ] = 3
    class_weighting: ClassWeightingSetting = ClassWeighting.NONE
    initial_weights: InitialWeights = None

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {**SlideTrainingSettings.former, "foreground": renamed("binarize_labels", bool)}
    )

    @property
    def label_options(self) -> LabelOptions:
        """What is said of label values.

        Raises:
            SettingError: A list cannot be read, or lists contradict each other.
        """
        return LabelOptions.parse(self.label_values, self.ignore_label, binarize=self.binarize_labels)

    def validate(self) -> None:
        """Check limits, paths and lists of labels.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        self.label_options  # noqa: B018  (reads the lists)

    @classmethod
    def upgraded(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Values with today's names and types only: the ignored label was a number before."""
        values = super().upgraded(values)
        if isinstance(values.get("ignore_label"), int):
            values["ignore_label"] = str(values["ignore_label"])
        return values


@dataclass(frozen=True, kw_only=True)
class PredictSettings(RunSettings):
    """Predict the class of a slide and where the evidence for each class lies, or the class of every pixel."""

    task: ClassVar[str] = "predict"
    command: ClassVar[tuple[str, ...]] = ("predict",)

    slide: Annotated[Path, Setting("The slide.", group=Group.DATA, path=PathKind.EXISTING, positional=True)]
    checkpoint: Annotated[
        Path,
        Setting(
            "A checkpoint of a training run (best.ckpt or last.ckpt), or any other model.",
            group=Group.NETWORK,
            path=PathKind.EXISTING,
        ),
    ]
    tile_size: TileSize = 512
    workers: Workers = None
    exact_kernels: ExactKernels = False
    level: Annotated[
        int | None,
        Ge(0),
        Setting("Pyramid level to read.", group=Group.DATA, none="As in training"),
    ] = None
    device: DeviceSetting = Device.AUTO
    skip_background: SkipBackground = False

    def summary(self, folder: Path) -> list[str]:
        """The probability of every class, or the folder of a segmentation."""
        from wholefield.tasks.slides.results.prediction import PREDICTION, summary_of

        saved = folder / PREDICTION
        return summary_of(saved) if saved.exists() else super().summary(folder)


def run_title(settings: RunSettings) -> str:
    """What the network of a training on slides is called."""
    return find_model(settings.model).title if isinstance(settings, ClassifySettings) else "U-Net"
