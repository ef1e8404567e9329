"""Flow from files: HDF5 labels, Middlebury .flo, 16-bit PNG of DSEC. Imports no torch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.tasks.events.flow_field import FlowField

if TYPE_CHECKING:
    from wholefield.export.flow import FlowFile
    from wholefield.sources import Recording
    from wholefield.tasks.events.provider import FlowSource

SECOND = 1e6


class LabelsFlow:
    """A flow for every row of an HDF5 file of labels; see `FlowProvider`."""

    def __init__(self, source: FlowSource, file: FlowFile) -> None:
        """Take an open file."""
        self.name = source.path.name
        self.source = source
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

    def close(self) -> None:
        """See `FlowProvider.close`."""
        with self._lock:
            self._file.close()


class SingleFlow:
    """One flow that holds at every moment of a recording; see `FlowProvider`."""

    def __init__(self, source: FlowSource, flow: npt.NDArray[np.float32], end_us: int) -> None:
        """Take a flow in px per s."""
        self.name = source.path.name
        self.source = source
        self._field = FlowField(flow, 0, end_us)

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`."""
        return self._field if self._field.holds_at(time_us) else None

    def close(self) -> None:
        """See `FlowProvider.close`; there is nothing to close."""


def open_labels(source: FlowSource, recording: Recording) -> LabelsFlow:
    """Open an HDF5 file.

    Raises:
        SourceError: It cannot be opened, or is of another size than the recording.
    """
    from wholefield.export.flow import FlowFile

    file = FlowFile(source.path)
    if file.shape[2:] != (recording.height, recording.width):
        file.close()
        raise SourceError(_differs(source, file.shape[2:], recording))
    return LabelsFlow(source, file)


def open_single(source: FlowSource, recording: Recording, span_us: float) -> SingleFlow:
    """Open a .flo or PNG whose displacements happen in `span_us`.

    Raises:
        SourceError: It cannot be opened, or is of another size than the recording.
    """
    from wholefield.export.flow import read_dsec_png, read_flo

    flow, _ = read_flo(source.path) if source.path.suffix.lower() == ".flo" else read_dsec_png(source.path)
    if flow.shape[1:] != (recording.height, recording.width):
        raise SourceError(_differs(source, flow.shape[1:], recording))
    # The last moment of a recording is at its very end.
    return SingleFlow(source, flow * np.float32(SECOND / span_us), recording.duration_us + 1)


def _differs(source: FlowSource, shape: tuple[int, ...], recording: Recording) -> str:
    return (
        f"{source.path.name} has {shape[1]} x {shape[0]} px, but {recording.name} has {recording.width} x "
        f"{recording.height}; choose the flow of this recording."
    )
