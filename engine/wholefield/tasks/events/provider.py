"""Flow of a recording at any moment: who tells it, and where it comes from. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.training.settings import Device

if TYPE_CHECKING:
    from wholefield.sources import Recording

CHECKPOINT_SUFFIX = ".ckpt"
SINGLE_SUFFIXES = (".flo", ".png")


@dataclass(frozen=True, eq=False)
class FlowField:
    """A dense flow and when it holds.

    Attributes:
        flow: float32 (2, H, W) in px per s, x first.
        start_us: From when it holds.
        end_us: Until when; it no longer holds at this time.
    """

    flow: npt.NDArray[np.float32]
    start_us: int
    end_us: int

    def holds_at(self, time_us: int) -> bool:
        """Whether it is the flow of a moment."""
        return self.start_us <= time_us < self.end_us


class FlowProvider(Protocol):
    """The flow of one recording, from a file or by a network.

    Attributes:
        name: What a user reads.
        source: Where it comes from; whoever needs a provider of his own opens it again.
    """

    name: str
    source: FlowSource

    def flow_at(self, time_us: int) -> FlowField | None:
        """The flow at a moment on the clock of the recording, or None where there is none.

        Called in worker threads, one call at a time; it may take its time. The field holds at the moment asked for.

        Raises:
            WholefieldError: It cannot be told; the text says why.
        """
        ...

    def close(self) -> None:
        """Let go of files; called when no call is going on, and perhaps twice."""
        ...


@dataclass(frozen=True)
class FlowSource:
    """Where flow comes from, as a command line names it.

    Attributes:
        path: A checkpoint of a flow training, HDF5 labels, a .flo file, or a 16-bit PNG of DSEC.
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
        if self.path.suffix.lower() == CHECKPOINT_SUFFIX:
            from wholefield.tasks.events.network_flow import NetworkFlow

            return NetworkFlow(self, recording)
        from wholefield.tasks.events.flow_files import open_labels, open_single

        if not needs_span(self.path):
            return open_labels(self, recording)
        if self.span_us is None:
            raise SettingError(
                f"{self.path.name} does not say in how much time its displacements happen; give span_us."
            )
        return open_single(self, recording, self.span_us)


def needs_span(path: Path) -> bool:
    """Whether a file does not tell in how much time its displacements happen."""
    return path.suffix.lower() in SINGLE_SUFFIXES
