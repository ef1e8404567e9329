"""Feature files: representations of whole recordings in HDF5, in the layout of metavision_ml.

The dataset `data` is (time bins, C, H, W), float32, or uint8 where 255 stands for 1. Its attributes say how it was
made: events_to_tensor (name of the representation), delta_t in us, event_input_height and event_input_width (the
sensor in px), shape (C, H, W), mode, and the arguments of the representation.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError, SourceError
from wholefield.files import replacing
from wholefield.flow.representations.grid import Features, Grid
from wholefield.flow.representations.registry import SizedEventSource, make_features, preprocessor
from wholefield.progress import ProgressCallback
from wholefield.sources.events.recording import Recording

DATASET = "data"
MODE = "delta_t"
CHUNK_BYTES = 32 << 20


class FeatureFile:
    """A feature file, read lazily. Any thread may read, one at a time.

    Attributes:
        path: Where it is.
        delta_t: Length of a time bin in us.
        preprocess: Name of the representation.
        shape: (time bins, C, H, W).
        arguments: All attributes of the dataset.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.flow import FeatureFile
        >>> with h5py.File("features.h5", "w") as made:
        ...     made["data"] = np.zeros((4, 2, 24, 32), np.float32)
        ...     made["data"].attrs.update(delta_t=10_000, events_to_tensor="histo")
        >>> with FeatureFile("features.h5") as file:
        ...     len(file), file.preprocess, file.read(1, 3).shape
        (4, 'histo', (2, 2, 24, 32))
    """

    def __init__(self, path: str | Path) -> None:
        """Open a file.

        Args:
            path: The file.

        Raises:
            SourceError: It cannot be opened or is not a feature file.
        """
        self.path = Path(path)
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise SourceError(f"{self.path.name} cannot be opened as HDF5: {error}.") from error
        try:
            self._read_header()
        except SourceError:
            self._file.close()
            raise

    def _read_header(self) -> None:
        data = self._file.get(DATASET)
        if not isinstance(data, h5py.Dataset) or data.ndim != 4:
            raise SourceError(
                f"{self.path.name} is not a feature file: it has no dataset {DATASET} of four dimensions; "
                "make one with wholefield features."
            )
        self._data = data
        self.arguments = {name: _plain(value) for name, value in data.attrs.items()}
        if "delta_t" not in self.arguments:
            raise SourceError(
                f"{self.path.name} does not say how long its time bins are (delta_t); create it again with "
                "wholefield features."
            )
        self.delta_t = int(self.arguments["delta_t"])
        self.preprocess = str(self.arguments.get("events_to_tensor", ""))
        self.shape: tuple[int, int, int, int] = data.shape

    def __len__(self) -> int:
        """Time bins."""
        return self.shape[0]

    @property
    def downsampling_factor(self) -> int:
        """Squares of 2 ** factor px of the sensor are one px of the features; 0 where the file does not say."""
        return int(self.arguments.get("downsampling_factor", 0))

    @property
    def sensor(self) -> tuple[int, int]:
        """(height, width) of the sensor in px; that of the features where the file does not say."""
        names = "event_input_height", "event_input_width"
        height, width = (
            int(self.arguments.get(name, size)) for name, size in zip(names, self.shape[2:], strict=True)
        )
        return height, width

    @cached_property
    def _scale(self) -> float:
        return 1.0 if self._data.dtype.kind == "f" else 1.0 / np.iinfo(self._data.dtype).max

    def read(self, first: int, end: int) -> Features:
        """Time bins [first, end) as float32 (end - first, C, H, W).

        Raises:
            SourceError: The file is damaged there.
        """
        if not 0 <= first <= end <= len(self):
            raise IndexError(f"time bins {first} to {end} of {len(self)}")
        try:
            values = self._data[first:end]
        except OSError as error:
            raise SourceError(
                f"{self.path.name} is damaged between time bins {first} and {end}: {error}."
            ) from error
        return (
            values.astype(np.float32) * np.float32(self._scale)
            if self._scale != 1
            else values.astype(np.float32)
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "FeatureFile":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def write_features(
    path: str | Path,
    recording: SizedEventSource,
    preprocess: str,
    delta_t: int,
    downsampling_factor: int = 0,
    store_as_uint8: bool = False,
    progress: ProgressCallback | None = None,
    **args: Any,
) -> int:
    """Write the features of a whole recording; the file appears when it is complete.

    Args:
        path: The file to write.
        recording: Where the events come from; a recording is indexed first.
        preprocess: Name of the representation.
        delta_t: Length of a time bin in us.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        store_as_uint8: Whether values, which must lie in [0, 1], are stored in steps of 1 / 255.
        progress: Called with the time bins done and their number.
        **args: Further arguments of the representation.

    Returns:
        Time bins written.

    Raises:
        SettingError: A setting is out of range.
        OSError: The file cannot be written.

    Example:
        >>> from wholefield.flow import SceneSettings, write_features
        >>> from wholefield.flow.simulator import write_simulation
        >>> from wholefield.sources.events.opening import open_recording
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=30_000))
        >>> with open_recording(files.recording) as recording:
        ...     write_features("features.h5", recording, "histo", delta_t=10_000)
        3
    """
    chosen = preprocessor(preprocess)
    arguments = chosen.arguments(args)
    if isinstance(recording, Recording):
        recording.index()
    bins = max(1, -(-recording.duration_us // delta_t))
    grid = Grid(bins, delta_t, recording.height, recording.width, downsampling_factor)
    shape = (chosen.channels(arguments), *grid.shape)
    attributes = _attributes(preprocess, grid, shape) | arguments
    report = progress or (lambda done, total: None)
    with replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        data = _dataset(file, (bins, *shape), store_as_uint8)
        data.attrs.update(attributes)
        for first, end in _parts(bins, shape):
            start_us, count = first * delta_t, end - first
            features = make_features(
                recording, preprocess, delta_t, start_us, count, grid.height, grid.width, downsampling_factor,
                **arguments,
            )  # fmt: skip
            data[first:end] = _as_bytes(features, preprocess) if store_as_uint8 else features
            report(end, bins)
    return bins


def _attributes(preprocess: str, grid: Grid, shape: tuple[int, ...]) -> dict[str, Any]:
    """What a feature file says about itself, except for the arguments of its representation."""
    return {
        "events_to_tensor": preprocess,
        "delta_t": grid.delta_t,
        "event_input_height": grid.height,
        "event_input_width": grid.width,
        "shape": shape,
        "mode": MODE,
        "downsampling_factor": grid.downsampling_factor,
    }


def _dataset(file: h5py.File, shape: tuple[int, ...], bytes_only: bool) -> h5py.Dataset:
    """The empty dataset of all time bins, a chunk each."""
    return file.create_dataset(
        DATASET,
        shape,
        np.uint8 if bytes_only else np.float32,
        chunks=(1, *shape[1:]),
        compression="gzip",
        compression_opts=1,
        shuffle=not bytes_only,
    )


def _as_bytes(features: Features, preprocess: str) -> npt.NDArray[np.uint8]:
    if features.min(initial=0) < 0 or features.max(initial=0) > 1:
        raise SettingError(f"{preprocess} leaves the range from 0 to 1, so store_as_uint8 must be off.")
    stored: npt.NDArray[np.uint8] = np.rint(features * 255).astype(np.uint8)
    return stored


def _parts(bins: int, shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Ranges of time bins that fit in one chunk of memory."""
    step = max(1, CHUNK_BYTES // (4 * int(np.prod(shape))))
    return ((first, min(first + step, bins)) for first in range(0, bins, step))


def _plain(value: Any) -> Any:
    """An attribute as a plain Python value: bytes as text, numpy scalars as numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value
