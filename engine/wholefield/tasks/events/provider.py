"""Where the flow of a recording comes from: a checkpoint or a file. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.errors import SettingError
from wholefield.tasks.events.shipped import is_shipped
from wholefield.training.settings import Device

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.flow_field import FlowProvider

CHECKPOINT_SUFFIX = ".ckpt"
SINGLE_SUFFIXES = (".flo", ".png")


@dataclass(frozen=True)
class FlowSource:
    """Where flow comes from, as a command line names it.

    Attributes:
        path: A checkpoint of a flow training, a file that ships (see `shipped_model`), HDF5 labels, a .flo file, or a
            DSEC 16-bit PNG.
        span_us: In how many us the displacements of a .flo or PNG happen; other files tell it.
        device: Where a network computes.
    """

    path: Path
    span_us: float | None = None
    device: Device = Device.AUTO

    def open(self, recording: Recording) -> FlowProvider:
        """The flow of a recording; for worker threads. The network of a checkpoint is loaded on the first question.

        Raises:
            SourceError: It cannot be opened, or is of another size than the recording.
            SettingError: The file does not tell its time, and neither does `span_us`.
        """
        if self.path.suffix.lower() == CHECKPOINT_SUFFIX or is_shipped(self.path):
            from wholefield.tasks.events.network_flow import NetworkFlow

            return NetworkFlow(self, recording)
        if moved_by_filters(recording):
            raise SettingError(
                f"{self.path.name} has the flow of the events as they are in {recording.name}, and the filters "
                "put them at other pixels; leave out flip, rotate and downsample."
            )
        from wholefield.tasks.events.flow_files import open_labels, open_single

        if not needs_span(self.path):
            return open_labels(self, recording)
        if self.span_us is None:
            raise SettingError(
                f"{self.path.name} does not state the time that its displacements span; set span_us."
            )
        return open_single(self, recording, self.span_us)


def needs_span(path: Path) -> bool:
    """Whether a file does not tell in how much time its displacements happen."""
    return path.suffix.lower() in SINGLE_SUFFIXES


def moved_by_filters(recording: Recording) -> bool:
    """Whether the events of a recording are at other pixels than in the file, so that files of flow do not fit."""
    from wholefield.sources.events.filters.recording import FilteredRecording

    return isinstance(recording, FilteredRecording) and recording.chain.moves
