"""Time bins of event features, read from a feature file or computed from a recording during training."""

import os
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
from wholefield.progress import ProgressCallback
from wholefield.sources.choices import Reading
from wholefield.sources.events.recording import Recording

FEATURE_SUFFIXES = (".h5", ".hdf5")
LABELS_SUFFIX = "_flow.h5"


class Bins(NamedTuple):
    """Consecutive time bins.

    Attributes:
        features: float32 (T, C, h, w).
        events: The events that they are made of, t in us from the first bin on; None if the source has features only.
        factor: Squares of 2 ** factor pixels of the events are one pixel of the features.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.sequences import Bins
        >>> Bins(np.zeros((3, 6, 24, 32), np.float32), events=None).factor
        0
    """

    features: npt.NDArray[np.float32]
    events: npt.NDArray[Any] | None
    factor: int = 0


class BinSource(ABC):
    """Gives features of time bins of equal length. One thread at a time.

    Attributes:
        path: The file.
        delta_t: Length of a bin in us.
        width: Columns of the features.
        height: Rows of the features.
        channels: Channels of the features.
        bins: Number of time bins.
        start: Bins of the file before the first of these.
        has_events: Whether it gives events besides features.
        factor: Squares of 2 ** factor px of the sensor are one px of the features.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.sequences import Bins, BinSource
        >>> class Blank(BinSource):
        ...     bins, channels, height, width = 4, 6, 24, 32
        ...     def read(self, first, count, crop=None):
        ...         return Bins(np.zeros((count, self.channels, self.height, self.width), np.float32), None)
        ...     def place(self, first, count, random):
        ...         return None
        ...     def close(self):
        ...         pass
        >>> Blank().read(0, 2).features.shape
        (2, 6, 24, 32)
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
        """Read the bins [first, first + count), of the whole sensor or of a part of it.

        Raises:
            SourceError: The file cannot be read there.
        """

    @abstractmethod
    def place(self, first: int, count: int, random: np.random.Generator) -> tuple[int, int] | None:
        """A pixel (x, y) with activity in the bins [first, first + count); None if there is none."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FeatureBins(BinSource):
    """Bins of a feature file.

    Args:
        file: The file; closed with this.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.flow import FeatureFile
        >>> from wholefield.flow.sequences import FeatureBins
        >>> with h5py.File("features.h5", "w") as made:
        ...     made["data"] = np.zeros((4, 2, 24, 32), np.float32)
        ...     made["data"].attrs.update(delta_t=10_000, events_to_tensor="histo")
        >>> with FeatureBins(FeatureFile("features.h5")) as bins:
        ...     bins.read(0, 3).features.shape
        (3, 2, 24, 32)
    """

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
        """See `BinSource.place`: any nonzero pixel of the first bin."""
        rows, columns = np.nonzero(self._file.read(first, first + 1)[0].any(0))
        if not len(rows):
            return None
        index = int(random.integers(len(rows)))
        return int(columns[index]), int(rows[index])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RecordingBins(BinSource):
    """Bins computed from a recording when they are read.

    Args:
        recording: The recording; indexed first, closed with this.
        preprocess: Name of the representation.
        delta_t: Length of a bin in us.
        arguments: Further arguments of the representation.
        downsampling_factor: Squares of 2 ** factor px of the sensor become one px of the features.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import RecordingBins
        >>> from wholefield.flow.simulator import write_simulation
        >>> from wholefield.sources.events.opening import open_recording
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=30_000))
        >>> with RecordingBins(open_recording(files.recording), "event_cube", 10_000) as bins:
        ...     bins.read(0, 3).features.shape
        (3, 6, 24, 32)
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
        recording.index()
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


def event_files(folder: Path) -> list[Path]:
    """The recordings and feature files of a folder in order of their names, without the labels beside them."""
    from wholefield.sources.detection import suffixes_of
    from wholefield.sources.kinds import Kind

    known = (*FEATURE_SUFFIXES, *suffixes_of(Kind.RECORDING))
    names = sorted(
        name
        for name in os.listdir(folder)
        if name.lower().endswith(known) and not name.endswith(LABELS_SUFFIX)
    )
    return [folder / name for name in names]


def open_bins(
    path: Path,
    preprocess: str,
    delta_t: int,
    arguments: Mapping[str, Any] | None = None,
    size: tuple[int, int] | None = None,
    downsampling_factor: int = 0,
    reading: Reading | str | None = None,
    progress: ProgressCallback | None = None,
    filters: str | None = None,
) -> BinSource:
    """Open a feature file or a recording of any format as bins.

    Args:
        path: The file.
        preprocess: Name of the representation.
        delta_t: Length of a bin in us.
        arguments: Further arguments of the representation.
        size: (height, width) of the features, the size of the sensor halved any number of times.
        downsampling_factor: How often the sensor is halved if no size is given; a feature file has its own.
        reading: How a recording is read where it leaves something open.
        progress: Called while a large recording is read for its index; see `open_indexed`.
        filters: Filters through which a recording is seen; see `open_indexed`.

    Returns:
        The bins; close them after use.

    Raises:
        SourceError: The file cannot be opened.
        SettingError: It is a feature file with another representation or other bins than requested, or the size does
            not fit.

    Example:
        >>> from wholefield.flow import SceneSettings
        >>> from wholefield.flow.sequences import open_bins
        >>> from wholefield.flow.simulator import write_simulation
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=30_000))
        >>> with open_bins(files.recording, "histo", 10_000) as source:
        ...     source.bins, source.channels
        (3, 2)
    """
    if is_feature_file(path):
        if filters:
            raise SettingError(f"{path.name} holds features and no events to filter; set no filters.")
        return _features(path, preprocess, delta_t)
    from wholefield.sources.events.opening import open_indexed

    recording = open_indexed(path, reading=reading, progress=progress, filters=filters)
    try:
        factor = downsampling_factor if size is None else halvings(recording.height, recording.width, size)
    except SettingError as error:
        recording.close()
        raise SettingError(f"{path.name}: {error}") from error
    return RecordingBins(recording, preprocess, delta_t, arguments, factor)


def halvings(height: int, width: int, size: tuple[int, int]) -> int:
    """How often a sensor must be halved, rounding up, to have a size (height, width).

    Raises:
        SettingError: No number of times gives it.
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
