"""Writers of events as columns: HDF5 in the layout of DSEC, and NumPy npz.

DSEC (Gehrig et al., "DSEC: A stereo event camera dataset for driving scenarios", 2021): `events/{x,y,p,t}`, times in us
from `t_offset` on, and `ms_to_idx`, whose entry m is the number of the first event with t >= 1000 m.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import h5py
import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.export.recordings.about import About
from wholefield.files import replacing
from wholefield.sources.events.recording import Events

DSEC_TYPES: dict[str, np.dtype[Any]] = {
    "x": np.dtype("<u2"),
    "y": np.dtype("<u2"),
    "p": np.dtype("u1"),
    "t": np.dtype("<u4"),
}
NPZ_TYPES: dict[str, np.dtype[Any]] = {**DSEC_TYPES, "t": np.dtype("<i8")}
CHUNK = 1 << 16
MS = 1000
COPIED = 1 << 22


def write_dsec(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write HDF5 as DSEC has it; times count from the first event, whose clock is `t_offset`.

    Args:
        path: The file.
        chunks: Events (`EVENT_DTYPE`), ascending in time.
        about: Sensor and clock; the size of the sensor is an attribute.

    Returns:
        Events written.

    Raises:
        SettingError: The stretch is longer than 71.6 minutes.
        OSError: The file cannot be written.
    """
    packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if about.gzip else {}
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["geometry"] = f"{about.width}x{about.height}"
        columns = {
            name: file.create_dataset(
                f"events/{name}", (0,), kind, maxshape=(None,), chunks=(CHUNK,), **packing
            )
            for name, kind in DSEC_TYPES.items()
        }
        first: int | None = None
        count, index = 0, _MillisecondIndex(file)
        for chunk in chunks:
            if not len(chunk):
                continue
            first = int(chunk["t"][0]) if first is None else first
            if int(chunk["t"][-1]) - first >= 1 << 32:
                raise SettingError(
                    f"{path.name}: the layout of DSEC holds 71.6 minutes; write a shorter range or another format."
                )
            index.extend(chunk["t"] - first, count)
            for name, column in columns.items():
                column.resize((count + len(chunk),))
                column[count:] = (
                    chunk[name] - first if name == "t" else chunk[name] > 0 if name == "p" else chunk[name]
                )
            count += len(chunk)
        index.close(count)
        file["t_offset"] = np.int64(about.start_us + (first or 0))
    return count


class _MillisecondIndex:
    """`ms_to_idx`, growing."""

    def __init__(self, file: h5py.File) -> None:
        self._data = file.create_dataset("ms_to_idx", (0,), np.uint64, maxshape=(None,), chunks=(CHUNK,))

    def extend(self, times: npt.NDArray[np.int64], before: int) -> None:
        """Entries for the milliseconds up to the last of some times, before which there are so many events."""
        self._append(
            before + np.searchsorted(times, MS * np.arange(len(self._data), int(times[-1]) // MS + 1))
        )

    def close(self, count: int) -> None:
        """The entry for the end, so that the last millisecond can be sliced."""
        self._append(np.array([count]))

    def _append(self, entries: npt.NDArray[Any]) -> None:
        have = len(self._data)
        self._data.resize((have + len(entries),))
        self._data[have:] = entries


def write_npz(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write the arrays x, y, p (0 or 1) and t (us, on the clock of `about`), and `resolution` (width, height).

    Args:
        path: The file.
        chunks: Events (`EVENT_DTYPE`), ascending in time.
        about: Sensor and clock.

    Returns:
        Events written.

    Raises:
        OSError: The file cannot be written.
    """
    kind = zipfile.ZIP_DEFLATED if about.gzip else zipfile.ZIP_STORED
    # An array says its length before its values, so that they wait in files that vanish by themselves.
    waiting: dict[str, IO[bytes]] = {name: TemporaryFile() for name in NPZ_TYPES}  # noqa: SIM115  (closed below)
    count = 0
    try:
        for chunk in chunks:
            for name, file in waiting.items():
                values = (
                    chunk[name] + about.start_us
                    if name == "t"
                    else chunk[name] > 0
                    if name == "p"
                    else chunk[name]
                )
                file.write(values.astype(NPZ_TYPES[name]).tobytes())
            count += len(chunk)
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", kind) as archive:
            for name, file in waiting.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    _npy_header(member, NPZ_TYPES[name], (count,))
                    file.seek(0)
                    while content := file.read(COPIED):
                        member.write(content)
            with archive.open("resolution.npy", "w") as member:
                _npy_header(member, np.dtype("<i8"), (2,))
                member.write(np.array([about.width, about.height], "<i8").tobytes())
    finally:
        for file in waiting.values():
            file.close()
    return count


def _npy_header(member: IO[bytes], kind: np.dtype[Any], shape: tuple[int, ...]) -> None:
    description = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(member, description)
