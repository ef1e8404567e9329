"""The settings of the flow tasks. Imports no torch."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from wholefield.errors import SettingError
from wholefield.runs.settings import About, RunSettings
from wholefield.tasks.slides.config import Device, Precision

FRAME_LOSSES = ("data", "time_consistency", "bw_deblur")


class FlowNet(StrEnum):
    """The flow networks."""

    EMINET = "eminet"
    EMINET_NON_SEP = "eminet_non_sep"
    MIDINET = "midinet"
    MIDINET2 = "midinet2"


class Teacher(StrEnum):
    """What a flow is judged by: frames that it warps, events that it makes sharp, or known flow."""

    FRAMES = "frames"
    CONTRAST = "contrast"
    LABELS = "labels"


class RnnCell(StrEnum):
    """Recurrent cells."""

    LSTM = "lstm"
    GRU = "gru"


class FlowFormat(StrEnum):
    """Files of flow: one HDF5 file, or a file for every time bin."""

    HDF5 = "hdf5"
    FLO = "flo"
    PNG = "png"


@dataclass(frozen=True, kw_only=True)
class FlowConfig(RunSettings):
    """Train a network to find optical flow in event recordings, without labels unless asked for.

    Recordings of any format and feature files are taken; with a folder that has the folders train and val, these are
    used, otherwise the end of every file is kept for validation.
    """

    task: ClassVar[str] = "flow"
    runner: ClassVar[str] = "wholefield.tasks.events.train:train_flow"
    command: ClassVar[tuple[str, ...]] = ("train", "flow")

    recordings: Annotated[Path, About("A recording or feature file, or a folder of them.")]
    delta_t: Annotated[
        int, About("Length of a time bin in us; things should move by one to ten pixels in it.", at_least=1)
    ] = 10000
    preprocess: Annotated[str, About("Representation of the events, by name.")] = "event_cube"
    downsampling: Annotated[
        int,
        About(
            "How often to halve the sensor, four times as fast each time and less noisy; crops are of what is left.",
            at_least=0,
            at_most=4,
        ),
    ] = 0
    num_tbins: Annotated[int, About("Time bins of a batch.", at_least=1)] = 8
    network: Annotated[FlowNet, About("Network.")] = FlowNet.EMINET_NON_SEP
    base: Annotated[int, About("Channels of the finest layer of the network.", at_least=1)] = 8
    scales: Annotated[int, About("How often the network halves the picture.", at_least=1, at_most=6)] = 3
    rnn_cell: Annotated[RnnCell, About("Recurrent cell of the network.")] = RnnCell.LSTM
    teacher: Annotated[
        Teacher,
        About("What the flow is judged by: warped frames, sharpness of the events, or *_flow.h5 labels."),
    ] = Teacher.FRAMES
    weight_contrast: Annotated[float, About("Weight of the contrast loss.", at_least=0)] = 1.0
    contrast_events: Annotated[
        int, About("Events of a batch that the contrast loss looks at, at most.", at_least=1)
    ] = 20_000
    weight_data: Annotated[
        float, About("Weight of the loss between a bin and the next, warped.", at_least=0)
    ] = 0.0
    weight_time_consistency: Annotated[float, About("Weight of the same loss one bin later.", at_least=0)] = (
        0.0
    )
    weight_bw_deblur: Annotated[
        float, About("Weight of the difference between the parts of a bin, warped together.", at_least=0)
    ] = 1.0
    weight_smoothness: Annotated[float, About("Weight of first differences of the flow.", at_least=0)] = 0.0
    weight_smoothness2: Annotated[float, About("Weight of second differences of the flow.", at_least=0)] = (
        0.02
    )
    weight_l1: Annotated[float, About("Weight of the size of the flow.", at_least=0)] = 0.0
    epochs: Annotated[int, About("Passes over the recordings.", at_least=1)] = 20
    repeats: Annotated[
        int, About("Random crops of every sequence and pass; short recordings need many.", at_least=1)
    ] = 1
    batch_size: Annotated[int, About("Sequences side by side.", at_least=1)] = 1
    crop_size: Annotated[
        int, About("Side in pixels of random squares to train on; 0 takes the whole sensor.", at_least=0)
    ] = 128
    augment: Annotated[
        bool, About("Mirror sequences at random, so that no direction of motion is learned by heart.")
    ] = True
    curriculum: Annotated[
        float, About("Growth per pass of how many batches of a sequence follow each other.", at_least=1)
    ] = 1.414
    learning_rate: Annotated[float, About("Step width of the optimiser (AdamW).", above=0)] = 2e-3
    validation_fraction: Annotated[
        float, About("Share of every recording, its end, kept for validation.", above=0, below=1)
    ] = 0.2
    preview_us: Annotated[
        int | None,
        About(
            "Moment of the first recording to show while training; none takes validation's first.", at_least=0
        ),
    ] = None
    seed: Annotated[
        int, About("Seed of initial weights, order and crops.", at_least=0, at_most=2**32 - 1)
    ] = 0
    precision: Annotated[Precision, About("Number format of the computation.")] = Precision.FULL
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

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
        from wholefield.flow.representations import preprocessor

        preprocessor(self.preprocess)
        if not self.recordings.exists():
            raise SettingError(f"The recordings {self.recordings} do not exist; choose a file or a folder.")
        if self.teacher is Teacher.FRAMES and not set(self.loss_weights) & set(FRAME_LOSSES):
            raise SettingError(
                "Nothing would teach the flow: give weight_data, weight_time_consistency or weight_bw_deblur a value."
            )


@dataclass(frozen=True, kw_only=True)
class FlowPredictConfig(RunSettings):
    """Find the optical flow of a recording and write it to files."""

    task: ClassVar[str] = "flow-predict"
    runner: ClassVar[str] = "wholefield.tasks.events.predict:predict_flow"
    command: ClassVar[tuple[str, ...]] = ("predict-flow",)

    recording: Annotated[Path, About("The recording.", positional=True)]
    checkpoint: Annotated[Path, About("A checkpoint of a flow training (best.ckpt or last.ckpt).")]
    format: Annotated[
        FlowFormat, About("One HDF5 file, or a .flo or DSEC 16-bit PNG file for every time bin.")
    ] = FlowFormat.HDF5
    start_us: Annotated[int, About("Where to begin, in us.", at_least=0)] = 0
    end_us: Annotated[int | None, About("Where to end, in us; none goes to the end.", at_least=1)] = None
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        for name in ("recording", "checkpoint"):
            path: Path = getattr(self, name)
            if not path.is_file():
                raise SettingError(f"The setting {name} names {path}, which is not a file; choose another.")
        self.require_above("end_us", "start_us")

    def result(self, folder: Path) -> Path:
        """The file that the run writes into its folder, or the folder of its files."""
        stem = f"{self.recording.stem.removesuffix('_td')}_flow"
        return folder / (f"{stem}.h5" if self.format is FlowFormat.HDF5 else stem)
