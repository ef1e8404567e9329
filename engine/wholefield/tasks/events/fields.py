"""Fields of flow into the files of a run or an export. Imports no torch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.export.flow import write_dsec_png, write_flo, write_flow_hdf5
from wholefield.tasks.events.settings import FlowFormat


def write_fields(
    path: Path,
    format: FlowFormat,
    fields: Iterator[npt.NDArray[np.floating[Any]]],
    shape: tuple[int, int, int],
    delta_t: int,
) -> None:
    """Write fields (2, H, W) in px into a file, or into a folder with a file for each.

    Args:
        path: The file, or the folder, which is made.
        format: HDF5 is one file.
        fields: N of them, taken one at a time.
        shape: (N, H, W).
        delta_t: Time between two of them in us.

    Raises:
        SettingError: A displacement is too large for the format.
    """
    if format is FlowFormat.HDF5:
        write_flow_hdf5(path, fields, shape, delta_t)
        return
    path.mkdir(parents=True, exist_ok=True)
    write = write_flo if format is FlowFormat.FLO else write_dsec_png
    for index, flow in enumerate(fields):
        write(path / f"{index:06d}.{format.value}", flow)
