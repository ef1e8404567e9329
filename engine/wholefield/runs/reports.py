"""The messages that a run sends while it works. They arrive in the thread of the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


class Direction(StrEnum):
    """Which sweep over the tiles is under way."""

    FORWARD = "forward"
    REVERSE = "reverse"


class Level(StrEnum):
    """How much a message matters."""

    INFO = "info"
    WARNING = "warning"


class Reason(StrEnum):
    """Why a run ended without a failure."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Started:
    """The run is set up and begins its first step.

    Attributes:
        task: the task of the settings, such as `classify`.
        folder: the run folder.
        steps: steps of the whole run; 0 where steps have no meaning.
        epochs: epochs of the whole run; 0 where epochs have no meaning.
        classes: names of the classes in the order of the network's outputs; empty where there are none.
    """

    task: str
    folder: Path
    steps: int = 0
    epochs: int = 0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepDone:
    """One training step is done.

    Attributes:
        step: steps done so far, counted from 1 over the whole run.
        steps: steps of the whole run.
        epoch: current epoch, counted from 1.
        epochs: epochs of the whole run.
        loss: training loss of this step.
        seconds_left: estimate of the time to the end of the run, or None while there is nothing to go by.
        terms: the weighted terms of the loss by name, where it has several.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    seconds_left: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class EpochDone:
    """One epoch and its validation are done.

    Attributes:
        epoch: the finished epoch, counted from 1.
        metrics: values by name, such as `validation_accuracy`.
        step: training steps done by then.
    """

    epoch: int
    metrics: Mapping[str, float]
    step: int = 0


@dataclass(frozen=True)
class TileDone:
    """A sweep has reached a tile.

    Attributes:
        sweep: the forward or the reverse sweep.
        index: index of the tile per axis, (row, column).
        counts: number of tiles per axis.
        box: (start, stop) per axis, (y, x), in pixels of level 0 of the slide.
        slide: the file whose tile it is.
    """

    sweep: Direction
    index: tuple[int, ...]
    counts: tuple[int, ...]
    box: tuple[tuple[int, int], ...]
    slide: Path


@dataclass(frozen=True)
class PartDone:
    """A part of work that is no training is done, such as a slice that was predicted.

    Attributes:
        what: the work in a few words, such as `Predicting slices`.
        done: parts done so far.
        total: all parts.
        seconds_left: estimate of the time for the rest of them, or None while there is nothing to go by.
    """

    what: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, eq=False)
class PreviewReady:
    """What the network makes of one piece of the data right now.

    Attributes:
        epoch: Epochs done; 0 before the first.
        at: Which piece: a slice, counted from 0, or a moment in us on the clock of the recording.
        pictures: Arrays by name, such as `input`, `target` (where there is one) and `prediction`: (y, x) numbers, or
            whole numbers for labels; of flow `flow` (2, H, W) in px per s, x then y, `events` (H, W, 3) RGB, and
            `mask` (H, W), where there are some.
        metrics: Values by name, of this piece alone.
        path: The file of the piece, where there are several.
    """

    epoch: int
    at: int
    pictures: Mapping[str, NDArray[Any]]
    metrics: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None


@dataclass(frozen=True, eq=False)
class RegionPredicted:
    """What a network that is being trained makes of a part of a slide right now.

    Attributes:
        slide: The file.
        box: (x, y, width, height) of the part, in px of level 0.
        classes: Index of the class of every pixel (h, w) uint8; pixels may be coarser than those of level 0.
        confidence: Its probability, from 0 to 255, (h, w) uint8.
        step: Training steps done by then.
    """

    slide: Path
    box: tuple[float, float, float, float]
    classes: NDArray[Any]
    confidence: NDArray[Any]
    step: int


@dataclass(frozen=True)
class WrongPlace:
    """Held-out labels that a network contradicts.

    Attributes:
        box: (x, y, width, height) of the labels, in px of level 0.
        label: Index of the class that most of the wrong pixels have by the labels.
        found: Index of the class that most of these are given.
        wrong: Share of the labeled pixels that are wrong, 0 to 1.
    """

    box: tuple[float, float, float, float]
    label: int
    found: int
    wrong: float


@dataclass(frozen=True, eq=False)
class StrokesJudged:
    """How the held-out strokes are predicted after an epoch.

    Attributes:
        epoch: The epoch, counted from 1.
        classes: Names of the classes.
        table: Pixels of every class by the labels (rows) and by the network (columns), int64.
        places: Where the network is wrong, the worst first.
        judged: How many of the held-out strokes were looked at.
        held_out: How many there are.
        training: How many train.
    """

    epoch: int
    classes: tuple[str, ...]
    table: NDArray[Any]
    places: tuple[WrongPlace, ...]
    judged: int
    held_out: int
    training: int


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint was written; `best` tells whether it is the best one so far by validation."""

    path: Path
    best: bool


@dataclass(frozen=True)
class Message:
    """A sentence for the log."""

    level: Level
    text: str


@dataclass(frozen=True)
class Finished:
    """The run ended without a failure; `folder` no longer exists where a new run was discarded."""

    folder: Path
    reason: Reason


@dataclass(frozen=True)
class Failed:
    """The run ended by an error; `message` is a sentence for the user."""

    message: str


Report = (
    Started
    | StepDone
    | EpochDone
    | TileDone
    | PartDone
    | PreviewReady
    | RegionPredicted
    | StrokesJudged
    | CheckpointSaved
    | Message
    | Finished
    | Failed
)
ReportFunction = Callable[[Report], None]


def ignore(report: Report) -> None:
    """A report function for callers who want no reports."""
