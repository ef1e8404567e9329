"""A dense flow, and what gives the flow of a recording at any moment. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from wholefield.tasks.events.provider import FlowSource


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
        source: Where it comes from; open it again for a separate provider.
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
        """Close files; called when no call is in progress, and perhaps twice."""
        ...
