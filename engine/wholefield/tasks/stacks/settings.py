"""The settings of the tasks on stacks: regression, segmentation, Noise2Inverse and prediction. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, Lt

from wholefield.errors import SettingError
from wholefield.networks.msd.enums import Loss
from wholefield.networks.msd.spec import repeat_dilations
from wholefield.numbers import whole_numbers
from wholefield.runs.settings import Former, Group, PathKind, Requires, RunSettings, Setting, renamed
from wholefield.tasks.reading import FileReading, check_readings, reading_setting
from wholefield.training.label_values import LabelOptions
from wholefield.training.settings import (
    Augmentation,
    AugmentationSetting,
    BinarizeLabels,
    ClassWeighting,
    ClassWeightingSetting,
    GradientClipping,
    IgnoreLabel,
    LabelValues,
    Optimizer,
    OptimizerSetting,
    Precision,
    TrainingSettings,
)

CROP_SIDES = {2: 128, 3: 48}
"""Side of the random squares and cubes where none is set: about as many voxels in an epoch, and as little memory."""


def network_titles() -> dict[int, str]:
    """What a form calls the networks, by their number of axes."""
    return {2: "2-D, slice by slice", 3: "3-D, whole volumes"}


def run_title(settings: RunSettings) -> str:
    """What a training on stacks, and the network that comes of it, is called."""
    assert isinstance(settings, StackTrainingSettings)
    titles = {
        "stack-regression": "Restore",
        "stack-segmentation": "Segment",
        "noise2inverse": "Noise2Inverse",
    }
    volumes = " 3-D" if settings.ndim == 3 else ""
    return f"{titles[settings.task]}{volumes}, depth {settings.depth}"


Depth = Annotated[int, Ge(1), Le(1000), Setting("Hidden layers of the network.", group=Group.NETWORK)]
Crops = Annotated[
    int | None,
    Ge(1),
    Setting(
        "Random square crops per slice and epoch, or cubes per contiguous run of slices.",
        none="Automatic",
        advanced=True,
    ),
]
Volume = Annotated[
    str | None,
    Setting(
        "Volume within the file; none takes the only one.", group=Group.DATA, none="The only one", hidden=True
    ),
]


@dataclass(frozen=True, kw_only=True)
class StackTrainingSettings(TrainingSettings):
    """What all trainings of mixed-scale dense networks have in common."""

    usual_crops: ClassVar[Mapping[int, int]] = MappingProxyType({2: 4, 3: 32})
    """Crops by the axes of the network, where none are set."""

    ndim: Annotated[
        int,
        Ge(2),
        Le(3),
        Setting(
            "Spatial dimensions of the network: 2 for slices, 3 for volumes.",
            label="Network",
            group=Group.NETWORK,
            choices="wholefield.tasks.stacks.settings:network_titles",
        ),
    ] = 2
    depth: Depth = 30
    width: Annotated[int, Ge(1), Setting("Channels that every layer adds.", group=Group.NETWORK)] = 1
    dilations: Annotated[
        str,
        Setting(
            "Dilations of the layers in pixels, repeated; 1-10 or 1,2,4,8 are good choices.",
            group=Group.NETWORK,
            advanced=True,
        ),
    ] = "1-10"
    optimizer: OptimizerSetting = Optimizer.ADAM
    crop_size: Annotated[
        int | None,
        Ge(0),
        Setting(
            "Side of the random squares (cubes) to train on; 0 trains on whole slices (volumes), none takes 128 (48).",
            unit="voxels",
            group=Group.DATA,
            none="Automatic",
        ),
    ] = None
    crops: Crops = None
    augmentation: AugmentationSetting = Augmentation.FLIPS_AND_ROTATIONS
    gradient_clipping: GradientClipping = None
    validation_fraction: Annotated[
        float,
        Ge(0),
        Lt(1),
        Setting(
            "Share of the slices, from the middle of the stack (its end for volumes), kept for validation.",
            label="Validation",
            group=Group.VALIDATION,
            percent=True,
        ),
    ] = 0.2
    validation_slices: Annotated[
        str | None,
        Setting(
            "Slices kept for validation, such as 10-19, counted from 0.",
            group=Group.VALIDATION,
            none="By share",
            advanced=True,
        ),
    ] = None
    preview_slice: Annotated[
        int | None,
        Ge(0),
        Setting(
            "Slice shown in the preview after every epoch.", group=Group.VALIDATION, none="A validation slice"
        ),
    ] = None
    strip: Annotated[
        int | None,
        Ge(1),
        Setting(
            "Rows whose gradients are computed at once, for crops that do not fit in memory.",
            label="Strip height",
            group=Group.COMPUTATION,
            none="Whole crop",
            advanced=True,
        ),
    ] = None

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {**TrainingSettings.former, "slab": renamed("input_slices", int)}
    )

    @property
    def dilation_values(self) -> tuple[int, ...]:
        """The dilation of every layer."""
        return repeat_dilations(whole_numbers("dilations", self.dilations), self.depth)

    @property
    def repeats(self) -> int:
        """Visits to each slice (run of slices) in an epoch."""
        if self.crop is None:
            return 1
        return self.usual_crops[self.ndim] if self.crops is None else self.crops

    @property
    def crop(self) -> int | None:
        """Side of the random squares (cubes); None for whole slices (volumes)."""
        return CROP_SIDES[self.ndim] if self.crop_size is None else self.crop_size or None

    def validate(self) -> None:
        """Check limits and lists of numbers.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        if min(self.dilation_values) < 1:
            raise SettingError(
                f"The setting dilations is {self.dilations!r} but must hold numbers from 1 on."
            )
        if self.crop is not None and max(self.dilation_values) > self.crop:
            raise SettingError(
                f"The setting dilations goes up to {max(self.dilation_values)}, more than the crop_size "
                f"{self.crop}; make the crops larger or the dilations smaller."
            )
        if self.precision is Precision.FP16:
            raise SettingError(
                f"The setting precision is {self.precision}, whose range is too small for the long sums of mixed-scale "
                "dense layers; choose bf16-mixed, 32-true or 64-true."
            )
        if self.validation_slices is not None:
            whole_numbers("validation_slices", self.validation_slices)


@dataclass(frozen=True, kw_only=True)
class StackPairSettings(StackTrainingSettings):
    """What trainings on an input stack and a target stack have in common."""

    stack: Annotated[
        Path,
        Setting(
            "Input stack: a file, or a folder of slices.",
            label="Input",
            group=Group.DATA,
            path=PathKind.EXISTING,
        ),
    ]
    dataset: Volume = None
    reading: FileReading = None
    target: Annotated[
        Path,
        Setting(
            "Stack of the same size that holds the desired output.", group=Group.DATA, path=PathKind.EXISTING
        ),
    ]
    target_dataset: Volume = None
    target_reading: Annotated[str | None, reading_setting("the target is")] = None
    input_slices: Annotated[
        int,
        Ge(1),
        Setting(
            "Neighboring slices that the network sees at once, with the slice in their middle.",
            label="Input slices (2.5-D)",
            group=Group.NETWORK,
            advanced=True,
        ),
        Requires("ndim", "A network over volumes sees all slices.", (2,)),
    ] = 1

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading, self.target_reading)
        if self.input_slices % 2 == 0:
            raise SettingError(
                f"The setting input_slices is {self.input_slices} but must be odd, such as {self.input_slices + 1}."
            )
        if self.ndim == 3 and self.input_slices > 1:
            raise SettingError("A network over volumes sees all slices; set input_slices to 1, or ndim to 2.")


@dataclass(frozen=True, kw_only=True)
class StackRegressionSettings(StackPairSettings):
    """Train a network to turn one stack into another: remove noise or artifacts, sharpen.

    The target holds one value per voxel.
    """

    task: ClassVar[str] = "stack-regression"
    command: ClassVar[tuple[str, ...]] = ("train", "stack-regression")

    loss: Annotated[Loss, Setting("Loss: mean absolute (L1) or mean squared (L2) error.", advanced=True)] = (
        Loss.L2
    )


@dataclass(frozen=True, kw_only=True)
class StackSegmentationSettings(StackPairSettings):
    """Train a network to name the class of every voxel.

    The target is a stack of labels, whole numbers; each value that occurs is a class, or those that label_values
    names: any other is then an error unless ignore_label names it. Labels that are not a number count for nothing.
    """

    task: ClassVar[str] = "stack-segmentation"
    command: ClassVar[tuple[str, ...]] = ("train", "stack-segmentation")

    label_values: LabelValues = None
    ignore_label: IgnoreLabel = None
    binarize_labels: BinarizeLabels = False
    class_weighting: ClassWeightingSetting = ClassWeighting.NONE

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        self.label_options  # noqa: B018  (reads the lists)

    @property
    def label_options(self) -> LabelOptions:
        """What is said of label values.

        Raises:
            SettingError: A list cannot be read, or lists contradict each other.
        """
        return LabelOptions.parse(self.label_values, self.ignore_label, binarize=self.binarize_labels)
