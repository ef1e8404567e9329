"""Writer of Prophesee DAT, the format of recordings that come with labels in the layout of metavision_ml."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.files import replacing

EVENT_CD = 12
EVENT_BYTES = 8
LIMIT = 1 << 14


def write_dat(path: str | Path, chunks: Iterable[npt.NDArray[Any]], width: int, height: int) -> int:
    """Write events as DAT of type 12: 32 bits of time in us, then 14 bits of x, 14 of y and 1 of polarity.

    Args:
        path: The file, NAME_td.dat.
        chunks: Structured events x, y in px, p, t in us, ascending in time.
        width: Columns of the sensor.
        height: Rows of the sensor.

    Returns:
        Events written.

    Raises:
        SettingError: An event does not fit in the bits of the format.
        OSError: The file cannot be written.
    """
    if not 0 < width <= LIMIT or not 0 < height <= LIMIT:
        raise SettingError(f"DAT holds sensors up to {LIMIT} x {LIMIT} px, not {width} x {height}.")
    count = 0
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        file.write(
            f"% Data file containing CD events.\n% Version 2\n% Height {height}\n% Width {width}\n".encode()
        )
        file.write(bytes((EVENT_CD, EVENT_BYTES)))
        for events in chunks:
            file.write(_encode(events, Path(path).name).tobytes())
            count += len(events)
    return count


def _encode(events: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint32]:
    t = events["t"]
    if len(t) and (t.min() < 0 or t.max() >= 1 << 32):
        raise SettingError(f"{name}: DAT holds times up to 71.6 minutes; export a shorter stretch or HDF5.")
    words = np.empty((len(t), 2), "<u4")
    words[:, 0] = t
    words[:, 1] = (
        events["x"].astype(np.uint32)
        | events["y"].astype(np.uint32) << 14
        | (events["p"] > 0).astype(np.uint32) << 28
    )
    return words
