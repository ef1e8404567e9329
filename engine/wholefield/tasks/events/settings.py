"""The settings of the flow tasks. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from wholefield.errors import SettingError
from wholefield.runs.settings import Choice, Former, Group, PathKind, Requires, RunSettings, Setting, renamed
from wholefield.tasks.events.filtering import EventFilters, check_filters
from wholefield.tasks.reading import FileReading, check_readings, reading_setting
from wholefield.training.settings import (
    Augmentation,
    AugmentationSetting,
    Device,
    DeviceSetting,
    LearningRate,
    TrainingSettings,
)

# What is reported while all of a large recording is read, before any of it is used.
INDEXING = "Indexing the recording"
FRAME_LOSSES = ("data", "time_consistency", "bw_deblur")


class FlowNet(Choice):
    """The flow networks."""

    EMINET = "eminet", "EMINet"
    EMINET_NON_SEP = "eminet_non_sep", "EMINet, full convolutions"
    MIDINET = "midinet", "MIDINet"
    MIDINET2 = "midinet2", "MIDINet 2"


class Teacher(Choice):
    """What a flow is trained on: frames that it warps, events that it makes sharp, or known flow."""

    FRAMES = "frames", "Warped frames"
    CONTRAST = "contrast", "Sharpness of events"
    LABELS = "labels", "Known flow"


class RnnCell(Choice):
    """Recurrent cells."""

    LSTM = "lstm", "LSTM"
    GRU = "gru", "GRU"


class FlowFormat(Choice):
    """Files of flow: one HDF5 file, or a file for every time bin."""

    HDF5 = "hdf5", "HDF5"
    FLO = "flo", ".flo files"
    PNG = "png", "DSEC PNG files"


OF_FRAMES = Requires("teacher", "Only if the flow learns from warped frames.", (Teacher.FRAMES,))


@dataclass(frozen=True, kw_only=True)
class FlowSettings(TrainingSettings):
    """Train a network to find optical flow in event recordings, without labels unless asked for.

    Recordings of any format and feature files are taken; with a folder that has the folders train and val, these are
    used, otherwise the end of every file is kept for validation.
    """

    task: ClassVar[str] = "flow"
    command: ClassVar[tuple[str, ...]] = ("train", "flow")

    recordings: Annotated[
        Path,
        Setting(
            "A recording or feature file, or a folder of them.", group=Group.DATA, path=PathKind.EXISTING
        ),
    ]
    reading: Annotated[str | None, reading_setting("every recording is", hidden=False)] = None
    filters: EventFilters = None
    delta_t: Annotated[
        int,
        Ge(1),
        Setting(
            "Length of a time bin; motion within it should be one to ten pixels.",
            label="Time bin",
            unit="µs",
            group=Group.DATA,
        ),
    ] = 10000
    preprocess: Annotated[
        str,
        Setting(
            "Representation of the events, by name.",
            label="Representation",
            group=Group.DATA,
            advanced=True,
            choices="wholefield.tasks.events.settings:representations",
        ),
    ] = "event_cube"
    downsampling: Annotated[
        int,
        Ge(0),
        Le(4),
        Setting(
            "Number of times to halve the resolution; each is four times as fast and less noisy; "
            "crops refer to the result.",
            group=Group.DATA,
            advanced=True,
        ),
    ] = 0
    num_tbins: Annotated[
        int,
        Ge(1),
        Setting("Time bins of a batch.", label="Time bins per batch", group=Group.DATA, advanced=True),
    ] = 8
    crop_size: Annotated[
        int,
        Ge(0),
        Setting(
            "Side of the random square crops to train on; 0 takes the whole sensor.",
            unit="px",
            group=Group.DATA,
        ),
    ] = 128
    crops: Annotated[
        int,
        Ge(1),
        Setting(
            "Random crops per sequence and epoch; short recordings need many.",
            label="Crops per sequence",
            group=Group.DATA,
        ),
    ] = 1
    network: Annotated[FlowNet, Setting("Network.", group=Group.NETWORK)] = FlowNet.EMINET_NON_SEP
    base: Annotated[
        int,
        Ge(1),
        Setting(
            "Channels of the finest layer of the network.",
            label="Width",
            group=Group.NETWORK,
        ),
    ] = 8
    scales: Annotated[
        int,
        Ge(1),
        Le(6),
        Setting("Number of times the network halves the image.", label="Depth", group=Group.NETWORK),
    ] = 3
    rnn_cell: Annotated[
        RnnCell,
        Setting("Recurrent cell of the network.", label="Recurrent cell", group=Group.NETWORK, advanced=True),
    ] = RnnCell.LSTM
    teacher: Annotated[
        Teacher,
        Setting(
            "What the flow learns from: warped frames, sharpness of the events, or *_flow.h5 labels.",
            label="Loss",
        ),
    ] = Teacher.FRAMES
    weight_contrast: Annotated[
        float,
        Ge(0),
        Setting("Weight of the contrast loss.", label="Contrast", advanced=True),
        Requires("teacher", "Only if the flow learns from the sharpness of the events.", (Teacher.CONTRAST,)),
    ] = 1.0
    contrast_events: Annotated[
        int,
        Ge(1),
        Setting("Events of a batch that the contrast loss looks at, at most.", advanced=True),
        Requires("teacher", "Only if the flow learns from the sharpness of the events.", (Teacher.CONTRAST,)),
    ] = 20_000
    weight_data: Annotated[
        float,
        Ge(0),
        Setting("Weight of the loss between a bin and the next, warped.", label="Data term", advanced=True),
        OF_FRAMES,
    ] = 0.0
    weight_time_consistency: Annotated[
        float,
        Ge(0),
        Setting("Weight of the same loss one bin later.", label="Time consistency", advanced=True),
        OF_FRAMES,
    ] = 0.0
    weight_bw_deblur: Annotated[
        float,
        Ge(0),
        Setting(
            "Weight of the difference between the parts of a bin, warped together.",
            label="Deblurring",
            advanced=True,
        ),
        OF_FRAMES,
    ] = 1.0
    weight_smoothness: Annotated[
        float,
        Ge(0),
        Setting("Weight of first differences of the flow.", label="Smoothness, first order", advanced=True),
    ] = 0.0
    weight_smoothness2: Annotated[
        float,
        Ge(0),
        Setting("Weight of second differences of the flow.", label="Smoothness, second order", advanced=True),
    ] = 0.02
    weight_l1: Annotated[
        float, Ge(0), Setting("Weight of the size of the flow.", label="L1 of the flow", advanced=True)
    ] = 0.0
    curriculum: Annotated[
        float,
        Ge(1),
        Setting("Growth per epoch of the number of consecutive batches of a sequence.", advanced=True),
    ] = 1.414
    learning_rate: LearningRate = 2e-3
    augmentation: AugmentationSetting = Augmentation.FLIPS_AND_ROTATIONS
    preview_us: Annotated[
        int | None,
        Ge(0),
        Setting(
            "Moment of the first recording to show during training.",
            label="Preview at",
            unit="µs",
            group=Group.VALIDATION,
            none="In validation",
            advanced=True,
        ),
    ] = None

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {
            **TrainingSettings.former,
            "repeats": renamed("crops", int),
            "augment": Former(
                bool,
                lambda values, on: values.__setitem__(
                    "augmentation", Augmentation.of(flips=on, rotations=on).value
                ),
            ),
        }
    )

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weights of the documented losses by name, those above 0; those between frames only where these teach."""
        names = [*(FRAME_LOSSES if self.teacher is Teacher.FRAMES else ()), "smoothness", "smoothness2", "l1"]
        found = {name: float(getattr(self, f"weight_{name}")) for name in names}
        return {name: weight for name, weight in found.items() if weight}

    def validate(self) -> None:
        """Check limits, names, weights and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        check_filters(self.filters)
        from wholefield.flow.representations import preprocessor

        preprocessor(self.preprocess)
        if self.teacher is Teacher.FRAMES and not set(self.loss_weights) & set(FRAME_LOSSES):
            raise SettingError(
                "No loss trains the flow: set weight_data, weight_time_consistency or weight_bw_deblur above 0."
            )


@dataclass(frozen=True, kw_only=True)
class FlowPredictSettings(RunSettings):
    """Find the optical flow of a recording and write it to files."""

    task: ClassVar[str] = "flow-predict"
    runner: ClassVar[str] = "wholefield.tasks.events.predict:predict_flow"
    command: ClassVar[tuple[str, ...]] = ("predict-flow",)

    recording: Annotated[
        Path, Setting("The recording.", group=Group.DATA, path=PathKind.FILE, positional=True)
    ]
    reading: FileReading = None
    filters: EventFilters = None
    checkpoint: Annotated[
        Path,
        Setting(
            "A checkpoint of a flow training (best.ckpt or last.ckpt), or shipped:fast.",
            group=Group.NETWORK,
            path=PathKind.FILE,
            suffixes=(".ckpt",),
        ),
    ]
    format: Annotated[
        FlowFormat,
        Setting("One HDF5 file, or a .flo or DSEC 16-bit PNG file for every time bin.", group=Group.OUTPUT),
    ] = FlowFormat.HDF5
    start_us: Annotated[
        int, Ge(0), Setting("Start of the prediction.", label="Start", unit="µs", group=Group.DATA)
    ] = 0
    end_us: Annotated[
        int | None,
        Ge(1),
        Setting("End of the prediction.", label="End", unit="µs", group=Group.DATA, none="At the end"),
    ] = None
    device: DeviceSetting = Device.AUTO

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        check_filters(self.filters)
        self.require_above("end_us", "start_us")

    def summary(self, folder: Path) -> list[str]:
        """The file of the flow, or the folder of its files."""
        return [str(self.result(folder))]

    def result(self, folder: Path) -> Path:
        """The file that the run writes into its folder, or the folder of its files."""
        stem = f"{self.recording.stem.removesuffix('_td')}_flow"
        return folder / (f"{stem}.h5" if self.format is FlowFormat.HDF5 else stem)


def representations() -> dict[str, str]:
    """The representations of events by name, as a form calls them."""
    from wholefield.flow.representations import PREPROCESSORS

    return {name: name.replace("_", " ").capitalize() for name in PREPROCESSORS}


def run_title(settings: RunSettings) -> str:
    """What the network of a training on recordings is called."""
    assert isinstance(settings, FlowSettings)
    return f"{settings.network.label}, bins of {settings.delta_t / 1000:g} ms"
