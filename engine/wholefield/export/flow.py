"""Optical flow in files: HDF5 as metavision_ml has its labels, Middlebury .flo and the 16-bit PNG of DSEC.

All hold displacements in px, x first, over a stretch of time that the HDF5 names (delta_t) and the others do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import h5py
import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError, SourceError
from wholefield.files import replacing
from wholefield.progress import ProgressCallback

DATASET = "flow"
FLO_MAGIC = 202021.25
FLO_UNKNOWN = 1e9
PNG_SCALE = 128
PNG_ZERO = 1 << 15

Flow = npt.NDArray[np.float32]
Valid = npt.NDArray[np.bool_]


def write_flow_hdf5(
    path: str | Path,
    fields: Iterable[npt.NDArray[np.floating[Any]]],
    shape: tuple[int, int, int],
    delta_t: int,
    progress: ProgressCallback | None = None,
) -> None:
    """Write flow as labels: row k is the displacement in px from k delta_t to (k + 1) delta_t.

    Args:
        path: The file, named after its recording: NAME_td.dat or NAME.raw go with NAME_flow.h5.
        fields: N fields (2, H, W), x first, taken one at a time.
        shape: (N, H, W).
        delta_t: Time between rows in us.
        progress: Called with the number of rows done and in total; raise in it to stop.

    Raises:
        SettingError: There are fewer or more fields than announced.
        OSError: The file cannot be written.
    """
    count, height, width = shape
    done = 0
    with replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        data = file.create_dataset(
            DATASET,
            (count, 2, height, width),
            np.float32,
            chunks=(1, 2, height, width),
            compression="gzip",
            compression_opts=4,
            shuffle=True,
        )
        data.attrs.update({"delta_t": delta_t, "unit": "px per delta_t"})
        for field in fields:
            if done < count:
                data[done] = field
            done += 1
            if progress:
                progress(done, count)
        if done != count:
            raise SettingError(
                f"{Path(path).name}: {done} fields of flow were made where {count} were announced."
            )


def labels_path(recording: str | Path) -> Path:
    """Where the flow labels of a recording are: NAME_flow.h5 for NAME_td.dat, NAME.raw and others."""
    recording = Path(recording)
    return recording.with_name(f"{recording.stem.removesuffix('_td')}_flow.h5")


class FlowFile:
    """Flow in HDF5, read lazily.

    Attributes:
        path: Where it is.
        delta_t: Time between rows in us; row k is the displacement from k delta_t to (k + 1) delta_t.
        shape: (N, 2, H, W).
    """

    def __init__(self, path: str | Path) -> None:
        """Open a file.

        Raises:
            SourceError: It cannot be opened or holds no flow.
        """
        self.path = Path(path)
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise SourceError(f"{self.path.name} cannot be opened as HDF5: {error}.") from error
        data = self._file.get(DATASET)
        if (
            not isinstance(data, h5py.Dataset)
            or data.ndim != 4
            or data.shape[1] != 2
            or "delta_t" not in data.attrs
        ):
            self._file.close()
            raise SourceError(
                f"{self.path.name} has no flow: it needs a dataset {DATASET} (N, 2, H, W) with the attribute "
                "delta_t in us."
            )
        self._data = data
        self.delta_t = int(data.attrs["delta_t"])
        self.shape: tuple[int, int, int, int] = data.shape

    def __len__(self) -> int:
        """Rows."""
        return self.shape[0]

    def read(self, index: int) -> Flow:
        """Row `index`: displacement in px, float32 (2, H, W).

        Raises:
            SourceError: The file is damaged there.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        try:
            row: Flow = self._data[index].astype(np.float32)
        except OSError as error:
            raise SourceError(f"{self.path.name} is damaged at row {index}: {error}.") from error
        return row

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write_flo(path: str | Path, flow: npt.NDArray[np.floating[Any]], valid: Valid | None = None) -> None:
    """Write one field as Middlebury .flo: magic number, width, height, then u and v of every pixel in float32.

    Args:
        path: The file.
        flow: (2, H, W) in px, x first.
        valid: (H, W), where the flow is known; everywhere when None.
    """
    _, height, width = flow.shape
    values = np.moveaxis(flow, 0, -1).astype("<f4")
    if valid is not None:
        values = np.where(valid[..., None], values, np.float32(10 * FLO_UNKNOWN))
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        file.write(np.float32(FLO_MAGIC).astype("<f4").tobytes())
        file.write(np.array([width, height], "<i4").tobytes())
        file.write(values.astype("<f4").tobytes())


def read_flo(path: str | Path) -> tuple[Flow, Valid]:
    """Read Middlebury .flo.

    Returns:
        The flow, float32 (2, H, W) in px with 0 where unknown, and where it is known, (H, W).

    Raises:
        SourceError: The file is something else, or cut short.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error}.") from error
    if len(content) < 12 or np.frombuffer(content[:4], "<f4")[0] != FLO_MAGIC:
        raise SourceError(f"{path.name} is not a .flo file: it does not begin with PIEH.")
    width, height = (int(size) for size in np.frombuffer(content[4:12], "<i4"))
    if width < 1 or height < 1 or len(content) != 12 + 8 * width * height:
        raise SourceError(
            f"{path.name} is damaged: {len(content)} bytes do not hold {width} x {height} px of flow."
        )
    values = np.moveaxis(np.frombuffer(content[12:], "<f4").reshape(height, width, 2), -1, 0)
    valid: Valid = (np.abs(values) <= FLO_UNKNOWN).all(axis=0)
    return np.where(valid, values, 0).astype(np.float32), valid


def write_dsec_png(path: str | Path, flow: npt.NDArray[np.floating[Any]], valid: Valid | None = None) -> None:
    """Write one field as DSEC does: 16-bit RGB with red = u 128 + 2^15, green = v 128 + 2^15, blue = known.

    Args:
        path: The file.
        flow: (2, H, W) in px, x first.
        valid: (H, W), where the flow is known; everywhere when None.

    Raises:
        SettingError: A known displacement is beyond what 16 bits hold, about 256 px.
    """
    known = np.ones(flow.shape[1:], bool) if valid is None else valid
    stored = np.rint(np.where(known, flow, 0) * PNG_SCALE + PNG_ZERO)
    if not np.isfinite(stored).all() or stored.min() < 0 or stored.max() > 0xFFFF:
        raise SettingError(
            f"{Path(path).name}: the flow goes beyond 255 px, which the PNG format of DSEC cannot hold; "
            "export .flo or HDF5, or a shorter time."
        )
    # OpenCV writes blue first.
    picture = np.stack(
        [known.astype(np.uint16), stored[1].astype(np.uint16), stored[0].astype(np.uint16)], -1
    )
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def read_dsec_png(path: str | Path) -> tuple[Flow, Valid]:
    """Read a flow PNG of DSEC.

    Returns:
        The flow, float32 (2, H, W) in px with 0 where unknown, and where it is known, (H, W).

    Raises:
        SourceError: It is not such a file.
    """
    path = Path(path)
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error}.") from error
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    if picture is None or picture.dtype != np.uint16 or picture.ndim != 3:
        raise SourceError(
            f"{path.name} is not a DSEC flow file: it must be a PNG with three channels of 16 bits."
        )
    valid: Valid = picture[..., 0] > 0
    values = (picture[..., 2:0:-1].astype(np.float32) - PNG_ZERO) / PNG_SCALE
    return np.where(valid, np.moveaxis(values, -1, 0), 0).astype(np.float32), valid
