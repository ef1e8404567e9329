"""What published networks need on any data: measured intensities, probabilities, mirrored borders. No torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from annotated_types import Ge

from wholefield.networks.opening import Activation, Intensity, Measured
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import ReportFunction
from wholefield.runs.settings import Choice, Group, PathKind, Setting
from wholefield.streaming import TileVisit

AnyArray = npt.NDArray[Any]
SMALLEST_DEVIATION = 1e-8


class Wanted(Choice):
    """What is made of the output of a network."""

    AUTO = "auto", "What the model gives"
    CLASSES = "classes", "Most probable class"
    PROBABILITIES = "probabilities", "Probabilities"
    VALUES = "values", "Values as they are"


PublishedModel = Annotated[
    Path,
    Setting(
        "The model: weights of a known architecture, a torch.export program, ONNX, or another format of models.",
        label="Model",
        group=Group.NETWORK,
        path=PathKind.EXISTING,
    ),
]

WantedResult = Annotated[
    Wanted, Setting("What is made of the output of the network.", label="Result", group=Group.OUTPUT)
]

ResultFile = Annotated[
    Path | None,
    Setting("File for the result.", group=Group.OUTPUT, none="In the run folder", path=PathKind.NEW),
]

MapMemory = Annotated[
    int,
    Ge(0),
    Setting(
        "Maps that the stages of a network with statistics of the whole image keep for each other in memory; the rest "
        "goes to files.",
        unit="MiB",
        group=Group.COMPUTATION,
        advanced=True,
    ),
]

MapFolder = Annotated[
    Path | None,
    Setting(
        "Folder for these files, which are gone when the run ends.",
        group=Group.COMPUTATION,
        none="Temporary folder",
        path=PathKind.FOLDER,
        advanced=True,
    ),
]
MAP_MEMORY = 4096
"""MiB of maps in memory by default."""


class StreamingProgress:
    """Reports how much of a streamed pass is done, over all its stages, in percent; obeys the control."""

    def __init__(self, what: str, report: ReportFunction, control: Control) -> None:
        """Report it under this name."""
        self._counter = PartCounter(what, 100, report, control)
        self._percent = -1

    def __call__(self, visit: TileVisit) -> None:
        """A tile is about to be computed.

        Raises:
            StopAndKeep, Discarded: The control asked for it.
        """
        percent = int(100 * visit.done)
        if percent == self._percent:
            self._counter.poll()
            return
        self._percent = percent
        self._counter.done(percent)


class Measurement:
    """Count, mean, deviation and limits of the values of a channel, gathered part by part in float64."""

    def __init__(self, intensity: Intensity) -> None:
        """Measure for this normalization."""
        self._intensity = intensity
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self._low, self._high = np.inf, -np.inf

    def add(self, values: AnyArray) -> None:
        """Take in values; those that are not numbers do not count."""
        flat = values.ravel().astype(np.float64)
        flat = flat[np.isfinite(flat) & (flat != 0) if self._intensity.nonzero else np.isfinite(flat)]
        if not flat.size:
            return
        # Chan, Golub and LeVeque's merging of count, mean and sum of squared differences.
        total, mean = self._count + flat.size, float(flat.mean())
        shift = mean - self._mean
        self._squares += float(((flat - mean) ** 2).sum()) + shift**2 * self._count * flat.size / total
        self._mean += shift * flat.size / total
        self._count = total
        self._low, self._high = min(self._low, float(flat.min())), max(self._high, float(flat.max()))

    def result(self) -> Intensity:
        """The normalization with what was measured as its offset and divisor."""
        if self._intensity.measured is Measured.NOTHING or not self._count:
            return replace(self._intensity, measured=Measured.NOTHING)
        if self._intensity.measured is Measured.MEAN:
            offset, divisor = self._mean, float(np.sqrt(self._squares / self._count))
        else:
            offset, divisor = self._low, self._high - self._low
        return replace(
            self._intensity,
            offset=offset,
            divisor=max(divisor, SMALLEST_DEVIATION),
            measured=Measured.NOTHING,
        )


def normalized(values: AnyArray, intensity: Intensity) -> AnyArray:
    """Values of one channel as a network takes them, float64; what is measured must be in offset and divisor."""
    given = values.astype(np.float64)
    clipped = given if intensity.clip is None else np.clip(given, *intensity.clip)
    found = (clipped - intensity.offset) / intensity.divisor
    return np.where(given != 0, found, 0.0) if intensity.nonzero else found


def activated(block: AnyArray, activation: Activation, axis: int = -1) -> AnyArray:
    """Outputs as probabilities along an axis, where that is asked for."""
    match activation:
        case Activation.SOFTMAX:
            powers = np.exp(block - block.max(axis, keepdims=True))
            return np.asarray(powers / powers.sum(axis, keepdims=True))
        case Activation.SIGMOID:
            return np.asarray(1 / (1 + np.exp(-block)))
    return block


def mirrored(start: int, stop: int, side: int) -> npt.NDArray[np.intp]:
    """The positions of an image of this side that a range shows which may go beyond its far end, mirrored there."""
    if side == 1:
        return np.zeros(stop - start, np.intp)
    at = np.arange(start, stop) % (2 * (side - 1))
    return np.minimum(at, 2 * (side - 1) - at)
