"""Time bins of event features, read from a feature file or made of a recording while training."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.features import FeatureFile
from wholefield.flow.representations import make_features, preprocessor
from wholefield.flow.sequences.crop import Crop
from wholefield.sources.events.recording import Recording

FEATURE_SUFFIXES = (".h5", ".hdf5")


class Bins(NamedTuple):
    """Some consecutive time bins.

    Attributes:
        features: float32 (T, C, h, w).
        events: the events that they are made of, t in us from the first bin on; None where the source holds features
            only.
        factor: squares of 2 ** factor pixels of the events are one pixel of the features.
    """

    features: npt.NDArray[np.float32]
    events: npt.NDArray[Any] | None
    factor: int = 0


class BinSource(ABC):
    """Gives features of time bins of equal length. One thread at a time.

    Attributes:
        path: the file.
        delta_t: length of a bin in us.
        width: columns of the features.
        height: rows of the features.
        channels: channels of the features.
        bins: time bins.
        start: bins of the file before the first of these.
        has_events: whether it gives events besides features.
        factor: squares of 2 ** factor px of the sensor are one px of the features.
    """

    start = 0
    has_events = True
    factor = 0
    path: Path
    delta_t: int
    width: int
    height: int
    channels: int
    bins: int

    def look_like(self, other: "BinSource") -> None:
        """Take over every attribute of another source."""
        self.path, self.delta_t, self.bins, self.start = other.path, other.delta_t, other.bins, other.start
        self.width, self.height, self.channels = other.width, other.height, other.channels
        self.has_events, self.factor = other.has_events, other.factor

    @abstractmethod
    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """The bins [first, first + count), of the whole sensor or of a part of it.

        Raises:
            SourceError: the file cannot be read there.
        """

    @abstractmethod
    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """A pixel (x, y) where something happens in the bins [first, first + count); None where nothing does."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FeatureBins(BinSource):
    """Bins of a feature file."""

    has_events = False

    def __init__(self, file: FeatureFile) -> None:
        self._file = file
        self.path = file.path
        self.delta_t = file.delta_t
        self.factor = file.downsampling_factor
        self.bins, self.channels, self.height, self.width = file.shape

    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """See `BinSource.read`; there are no events."""
        features = self._file.read(first, first + count)
        return Bins(features if crop is None else crop.images(features), None)

    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """See `BinSource.place`: any pixel of the first bin that is not 0."""
        rows, columns = np.nonzero(self._file.read(first, first + 1)[0].any(0))
        if not len(rows):
            return None
        index = int(random.integers(len(rows)))
        return int(columns[index]), int(rows[index])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RecordingBins(BinSource):
    """Bins made of a recording when they are read.

    Args:
        recording: the recording; closed with this.
        preprocess: name of the representation.
        delta_t: length of a bin in us.
        arguments: further arguments of the representation.
        downsampling_factor: squares of 2 ** factor px of the sensor become one of the features.
    """

    def __init__(
        self,
        recording: Recording,
        preprocess: str,
        delta_t: int,
        arguments: Mapping[str, Any] | None = None,
        downsampling_factor: int = 0,
    ) -> None:
        chosen = preprocessor(preprocess)
        self.factor = downsampling_factor
        self._sensor = Crop(0, 0, recording.width, recording.height)
        self._recording = recording
        self._preprocess = preprocess
        self._arguments = chosen.arguments(arguments or {})
        self.path = recording.path
        self.delta_t = delta_t
        self.width = -(-recording.width >> downsampling_factor)
        self.height = -(-recording.height >> downsampling_factor)
        self.channels = chosen.channels(self._arguments)
        self.bins = max(1, -(-recording.duration_us // delta_t))

    def read(self, first: int, count: int, crop: Crop | None = None) -> Bins:
        """See `BinSource.read`."""
        start = first * self.delta_t
        part = self._sensor if crop is None else crop.enlarged(1 << self.factor)
        events = part.events(self._recording.events(start, start + count * self.delta_t))
        events["t"] -= start
        features = make_features(
            events, self._preprocess, self.delta_t, 0, count, *part.shape, self.factor, **self._arguments
        )
        return Bins(features, events, self.factor)

    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """See `BinSource.place`: that of any event."""
        start = first * self.delta_t
        events = self._recording.events(start, start + count * self.delta_t)
        if not len(events):
            return None
        event = events[int(random.integers(len(events)))]
        return int(event["x"]) >> self.factor, int(event["y"]) >> self.factor

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()


def open_bins(
    path: Path,
    preprocess: str,
    delta_t: int,
    arguments: Mapping[str, Any] | None = None,
    size: tuple[int, int] | None = None,
    downsampling_factor: int = 0,
) -> BinSource:
    """Open a feature file or a recording of any format as bins.

    Args:
        path: The file.
        preprocess: Name of the representation.
        delta_t: Length of a bin in us.
        arguments: Further arguments of the representation.
        size: (height, width) of the features, the size of the sensor halved any number of times.
        downsampling_factor: How often the sensor is halved where no size is given; a feature file has its own.

    Raises:
        SourceError: The file cannot be opened.
        SettingError: It is a feature file with another representation or other bins than asked for, or the size does
            not fit.
    """
    if is_feature_file(path):
        return _features(path, preprocess, delta_t)
    from wholefield.sources.events.opening import open_recording

    recording = open_recording(path)
    try:
        factor = downsampling_factor if size is None else halvings(recording.height, recording.width, size)
    except SettingError as error:
        recording.close()
        raise SettingError(f"{path.name}: {error}") from error
    return RecordingBins(recording, preprocess, delta_t, arguments, factor)


def halvings(height: int, width: int, size: tuple[int, int]) -> int:
    """How often a sensor must be halved, rounding up, to have a size (height, width).

    Raises:
        SettingError: no number of times gives it.
    """
    for factor in range(16):
        if (-(-height >> factor), -(-width >> factor)) == size:
            return factor
    raise SettingError(
        f"a sensor of {width} x {height} px cannot be halved to {size[1]} x {size[0]}; correct array_dim."
    )


def is_feature_file(path: Path) -> bool:
    """Whether a file is HDF5 and holds features and not events."""
    import h5py

    if path.suffix.lower() not in FEATURE_SUFFIXES:
        return False
    try:
        with h5py.File(path, "r") as file:
            data = file.get("data")
            return isinstance(data, h5py.Dataset) and data.ndim == 4
    except OSError:
        return False


def _features(path: Path, preprocess: str, delta_t: int) -> BinSource:
    file = FeatureFile(path)
    for setting, found, wanted in (
        ("preprocess", file.preprocess or preprocess, preprocess),
        ("delta_t", file.delta_t, delta_t),
    ):
        if found != wanted:
            file.close()
            raise SettingError(
                f"{path.name} was made with {setting} {found}, not {wanted}; change the setting or the file."
            )
    return FeatureBins(file)
