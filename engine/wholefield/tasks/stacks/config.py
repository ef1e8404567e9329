"""The settings of the tasks on stacks: regression, segmentation, Noise2Inverse and prediction. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from wholefield.errors import SettingError
from wholefield.networks.msd.choices import Loss, Schedule, Strategy, Window
from wholefield.networks.msd.spec import repeat_dilations
from wholefield.runs.settings import About, RunSettings
from wholefield.tasks.slides.config import Device
from wholefield.tasks.stacks.numbers import whole_numbers

DENOISED, RECONSTRUCTION = "denoised.tif", "reconstruction.tif"
"""What Noise2Inverse leaves in its run folder: the denoised slices, and the same as reconstructed before."""
CROP_SIDES = {2: 128, 3: 48}
"""Side of the random squares and cubes where none is set: about as many voxels in an epoch, and as little memory."""


class StackFormat(StrEnum):
    """What a predicted stack is written as."""

    TIFF = "tiff"
    NIFTI = "nifti"
    OME_ZARR = "ome-zarr"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How names of such files may end; the first is the usual one."""
        return _SUFFIXES[self]


_SUFFIXES = {
    StackFormat.TIFF: (".tif", ".tiff"),
    StackFormat.NIFTI: (".nii.gz", ".nii"),
    StackFormat.OME_ZARR: (".ome.zarr", ".zarr"),
}


def _demand_path(name: str, path: Path) -> None:
    if not path.exists():
        raise SettingError(
            f"The setting {name} names {path}, which does not exist; choose an existing stack."
        )


@dataclass(frozen=True, kw_only=True)
class StackTrainingConfig(RunSettings):
    """What all trainings of mixed-scale dense networks have in common."""

    usual_crops: ClassVar[Mapping[int, int]] = MappingProxyType({2: 4, 3: 32})
    """Crops by the axes of the network, where none are set."""

    depth: Annotated[int, About("Hidden layers of the network.", at_least=1, at_most=1000)] = 30
    width: Annotated[int, About("Channels that every layer adds.", at_least=1)] = 1
    dilations: Annotated[
        str, About("Dilations of the layers in pixels, repeated; 1-10 or 1,2,4,8 are good choices.")
    ] = "1-10"
    epochs: Annotated[int, About("Passes over the training slices.", at_least=1)] = 20
    batch_size: Annotated[int, About("Crops (or slices) a step.", at_least=1)] = 1
    ndim: Annotated[
        int, About("Axes that the network sees: 2 for slices, 3 for volumes.", at_least=2, at_most=3)
    ] = 2
    crop_size: Annotated[
        int | None,
        About(
            "Side in voxels of the random squares (cubes) to train on; 0 trains on whole slices (volumes), "
            "none takes 128 (48).",
            at_least=0,
        ),
    ] = None
    crops: Annotated[
        int | None,
        About(
            "Random squares per slice and epoch, or cubes per run of neighbouring slices; none takes 4 (32).",
            at_least=1,
        ),
    ] = None
    flips: Annotated[bool, About("Mirror crops at random.")] = True
    turns: Annotated[bool, About("Turn crops at random by quarter turns.")] = True
    learning_rate: Annotated[float, About("Step width of the optimiser (Adam), at its highest.", above=0)] = (
        1e-3
    )
    schedule: Annotated[Schedule, About("How the learning rate changes over the epochs.")] = Schedule.COSINE
    patience: Annotated[
        int | None,
        About("Epochs without a better validation after which training stops; none never does.", at_least=1),
    ] = None
    validation_fraction: Annotated[
        float,
        About(
            "Share of the slices, from the middle of the stack (its end for volumes), kept for validation.",
            at_least=0,
            below=1,
        ),
    ] = 0.2
    validation_slices: Annotated[
        str | None, About("Slices kept for validation, such as 10-19; none takes the share. Counted from 0.")
    ] = None
    preview_slice: Annotated[
        int | None, About("Slice to show after every epoch; none takes a validation slice.", at_least=0)
    ] = None
    strip: Annotated[
        int | None,
        About("Rows whose gradients are computed at once, for crops that do not fit in memory.", at_least=1),
    ] = None
    seed: Annotated[
        int, About("Seed of initial weights, order and crops.", at_least=0, at_most=2**32 - 1)
    ] = 0
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

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
        if self.validation_slices is not None:
            whole_numbers("validation_slices", self.validation_slices)


@dataclass(frozen=True, kw_only=True)
class StackPairConfig(StackTrainingConfig):
    """What trainings on an input stack and a target stack have in common."""

    stack: Annotated[Path, About("Input stack: a file, or a folder of slices.")]
    dataset: Annotated[str | None, About("Volume within the input file; none takes the only one.")] = None
    target: Annotated[Path, About("Stack of the same size that holds what the network shall give.")]
    target_dataset: Annotated[
        str | None, About("Volume within the target file; none takes the only one.")
    ] = None
    slab: Annotated[
        int, About("Neighbouring slices that it sees at once, with the slice in their middle.", at_least=1)
    ] = 1

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        _demand_path("stack", self.stack)
        _demand_path("target", self.target)
        if self.slab % 2 == 0:
            raise SettingError(f"The setting slab is {self.slab} but must be odd, such as {self.slab + 1}.")
        if self.ndim == 3 and self.slab > 1:
            raise SettingError("A network over volumes sees all slices; set slab to 1, or ndim to 2.")


@dataclass(frozen=True, kw_only=True)
class StackRegressionConfig(StackPairConfig):
    """Train a network to turn one stack into another: remove noise or artefacts, sharpen.

    The target holds one value a voxel.
    """

    task: ClassVar[str] = "stack-regression"
    runner: ClassVar[str] = "wholefield.tasks.stacks.train:train_regression"
    command: ClassVar[tuple[str, ...]] = ("train", "stack-regression")

    loss: Annotated[Loss, About("What is made small: absolute (L1) or squared (L2) differences.")] = Loss.L2


@dataclass(frozen=True, kw_only=True)
class StackSegmentationConfig(StackPairConfig):
    """Train a network to name the class of every voxel.

    The target is a stack of labels, whole numbers from 0 on; each value that occurs is a class, or those that
    label_values names: any other is then an error unless ignore_label names it.
    """

    task: ClassVar[str] = "stack-segmentation"
    runner: ClassVar[str] = "wholefield.tasks.stacks.train:train_segmentation"
    command: ClassVar[tuple[str, ...]] = ("train", "stack-segmentation")

    label_values: Annotated[
        str | None, About("Values of the labels, such as 0,1,2; none takes all that occur.")
    ] = None
    ignore_label: Annotated[
        str | None, About("Labels of voxels that count for nothing, such as 255 or 3,7; none ignores none.")
    ] = None
    balance: Annotated[bool, About("Weigh rare classes up until every class has the same say.")] = False

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        values = self.class_values
        if values is not None and len(values) < 2:
            raise SettingError(
                f"The setting label_values is {self.label_values!r} but must name at least two labels."
            )
        if both := self.ignored_values.intersection(values or ()):
            raise SettingError(
                f"The label {min(both)} stands in label_values and in ignore_label; remove it from one of them."
            )

    @property
    def class_values(self) -> frozenset[int] | None:
        """The values that are classes; None for all that occur and are not ignored."""
        return None if self.label_values is None else _values("label_values", self.label_values)

    @property
    def ignored_values(self) -> frozenset[int]:
        """The values that count for nothing."""
        return frozenset() if self.ignore_label is None else _values("ignore_label", self.ignore_label)


@dataclass(frozen=True, kw_only=True)
class Noise2InverseConfig(StackTrainingConfig):
    """Denoise a tomographic scan by itself, without any clean image.

    It starts from projections, or from reconstructions of parts of them.
    """

    task: ClassVar[str] = "noise2inverse"
    runner: ClassVar[str] = "wholefield.tasks.stacks.noise2inverse:train_noise2inverse"
    command: ClassVar[tuple[str, ...]] = ("train", "noise2inverse")

    projections: Annotated[Path | None, About("HDF5 file with data, flats, darks and angles.")] = None
    reconstructions: Annotated[
        str | None,
        About("Stacks reconstructed from different projections, with semicolons, instead of projections."),
    ] = None
    parts: Annotated[int, About("Parts that the projections are split into.", at_least=2)] = 4
    strategy: Annotated[
        Strategy, About("X:1 predicts one part from all others, 1:X all others from one.")
    ] = Strategy.X_TO_1
    rows: Annotated[str | None, About("Detector rows to reconstruct, such as 100-199; none takes all.")] = (
        None
    )
    centre: Annotated[
        float | None, About("Column of the rotation axis in pixels; none finds it from opposite projections.")
    ] = None
    size: Annotated[
        int | None, About("Rows and columns of the slices; none takes the detector's columns.", at_least=16)
    ] = None
    window: Annotated[Window, About("What tapers the ramp filter of the reconstruction.")] = Window.RAMP
    usual_crops: ClassVar[Mapping[int, int]] = MappingProxyType({2: 1, 3: 8})

    epochs: Annotated[int, About("Passes over all parts of the training slices.", at_least=1)] = 50
    crops: Annotated[
        int | None,
        About(
            "Random squares per part, slice and epoch, or cubes per run of neighbouring slices; none takes 1 (8).",
            at_least=1,
        ),
    ] = None
    learning_rate: Annotated[float, About("Step width of the optimiser (Adam), at its highest.", above=0)] = (
        3e-3
    )

    @property
    def part_paths(self) -> tuple[Path, ...]:
        """The stacks of `reconstructions`."""
        return tuple(Path(text.strip()) for text in (self.reconstructions or "").split(";") if text.strip())

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        if (self.projections is None) == (self.reconstructions is None):
            raise SettingError("Give either the setting projections or the setting reconstructions.")
        if self.projections is not None:
            _demand_path("projections", self.projections)
        elif len(self.part_paths) < 2:
            raise SettingError("The setting reconstructions must name at least two stacks, with semicolons.")
        for path in self.part_paths:
            _demand_path("reconstructions", path)
        if self.rows is not None:
            _demand_range(self.rows)


@dataclass(frozen=True, kw_only=True)
class StackPredictConfig(RunSettings):
    """Run a trained network over a whole stack and write what it gives as a stack."""

    task: ClassVar[str] = "stack-predict"
    runner: ClassVar[str] = "wholefield.tasks.stacks.predict:predict_stack"
    command: ClassVar[tuple[str, ...]] = ("predict-stack",)

    stack: Annotated[Path, About("The stack: a file, or a folder of slices.", positional=True)]
    dataset: Annotated[str | None, About("Volume within the file; none takes the only one.")] = None
    checkpoint: Annotated[Path, About("A checkpoint of a training on stacks, or of msd_pytorch.")]
    dilations: Annotated[
        str | None, About("Dilations of the network, for checkpoints that do not know them; none takes 1-10.")
    ] = None
    output: Annotated[Path | None, About("File for the result; none writes it into the run folder.")] = None
    format: Annotated[StackFormat, About("What the result is written as.")] = StackFormat.TIFF
    probability_of: Annotated[
        int | None, About("Label whose probability is written instead of the labels themselves.", at_least=0)
    ] = None
    bfloat16: Annotated[
        bool, About("Compute with 8 binary digits: faster on processors made for it, a little less exact.")
    ] = False
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

    def result(self, folder: Path) -> Path:
        """The file that the prediction is written to, given the run folder."""
        return folder / f"prediction{self.format.suffixes[0]}" if self.output is None else self.output

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        _demand_path("stack", self.stack)
        if not self.checkpoint.is_file():
            raise SettingError(
                f"The setting checkpoint names {self.checkpoint}, which is not a file; choose an existing one."
            )
        if self.dilations is not None:
            whole_numbers("dilations", self.dilations)
        if self.output is not None:
            self._check_output(self.output)

    def _check_output(self, output: Path) -> None:
        suffixes = self.format.suffixes
        if not output.name.lower().endswith(suffixes):
            allowed = " or ".join(suffixes)
            raise SettingError(f"The setting output is {output} but must end in {allowed} for {self.format}.")
        if not output.absolute().parent.is_dir():
            raise SettingError(f"The setting output is {output}, whose folder does not exist; make it first.")


def _values(name: str, text: str) -> frozenset[int]:
    return frozenset(whole_numbers(name, text))


def _demand_range(rows: str) -> None:
    numbers = whole_numbers("rows", rows)
    if numbers != tuple(range(numbers[0], numbers[-1] + 1)):
        raise SettingError(f"The setting rows is {rows!r} but must be one range, such as 100-199.")
