"""Flow from files: HDF5 labels, Middlebury .flo, 16-bit PNG of DSEC; opened in worker threads."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.viewer.events.flow_layer import FlowField, FlowProvider
from engine.errors import SourceError

if TYPE_CHECKING:
    from engine.export.flow import FlowFile
    from engine.sources import Recording

SECOND = 1e6
HDF5_SUFFIXES = (".h5", ".hdf5")
SINGLE_SUFFIXES = (".flo", ".png")


class LabelsFlow:
    """A flow for every row of an HDF5 file of labels."""

    def __init__(self, file: FlowFile) -> None:
        """Take an open file."""
        self.name = file.path.name
        self._file = file
        self._lock = threading.Lock()

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`."""
        length, rows = self._file.delta_t, len(self._file)
        if not 0 <= time_us <= rows * length:
            return None
        row = min(time_us // length, rows - 1)
        with self._lock:
            displacement = self._file.read(row)
        # The frame of the very last moment shows the events before it.
        end_us = (row + 1) * length + (row == rows - 1)
        return FlowField(displacement * np.float32(SECOND / length), row * length, end_us)

    def again(self, recording: Recording) -> FlowProvider:
        """See `FlowProvider.again`."""
        return open_flow(self._file.path, recording)

    def close(self) -> None:
        """See `FlowProvider.close`."""
        with self._lock:
            self._file.close()


class SingleFlow:
    """One flow that holds at every moment of a recording."""

    def __init__(self, name: str, flow: npt.NDArray[np.float32], end_us: int) -> None:
        """Take a flow in px per s."""
        self.name = name
        self._field = FlowField(flow, 0, end_us)

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`."""
        return self._field if self._field.holds_at(time_us) else None

    def again(self, recording: Recording) -> FlowProvider:
        """See `FlowProvider.again`; it has no state."""
        return self

    def close(self) -> None:
        """See `FlowProvider.close`; there is nothing to let go of."""


def needs_span(path: Path) -> bool:
    """Whether a file does not tell in how much time its displacements happen."""
    return path.suffix.lower() in SINGLE_SUFFIXES


def open_flow(path: Path, recording: Recording, span_us: float = SECOND) -> LabelsFlow | SingleFlow:
    """Open flow for a recording.

    Args:
        path: The file.
        recording: What it is the flow of.
        span_us: In how many us the displacements of a .flo or PNG happen.

    Raises:
        SourceError: It cannot be opened, or is of another size than the recording.
    """
    from engine.export.flow import FlowFile, read_dsec_png, read_flo

    sensor = recording.height, recording.width
    if not needs_span(path):
        file = FlowFile(path)
        if file.shape[2:] != sensor:
            file.close()
            raise SourceError(_differs(path, file.shape[2:], recording))
        return LabelsFlow(file)
    flow, _ = read_flo(path) if path.suffix.lower() == ".flo" else read_dsec_png(path)
    if flow.shape[1:] != sensor:
        raise SourceError(_differs(path, flow.shape[1:], recording))
    # The last moment of a recording is at its very end.
    return SingleFlow(path.name, flow * np.float32(SECOND / span_us), recording.duration_us + 1)


def _differs(path: Path, shape: tuple[int, ...], recording: Recording) -> str:
    return (
        f"{path.name} has {shape[1]} x {shape[0]} px, but {recording.name} has {recording.width} x "
        f"{recording.height}; choose the flow of this recording."
    )
