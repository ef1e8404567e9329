"""The flow that is computed of a recording, by a network or without one, for views, exports and score cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wholefield.tasks.events.flow_field import FlowField
from wholefield.tasks.events.shipped import TITLES, is_shipped

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.moments import Moments
    from wholefield.tasks.events.provider import FlowSource


class NetworkFlow:
    """The flow of the time bins of a recording; see `FlowProvider`. Torch is imported on the first question."""

    def __init__(self, source: FlowSource, recording: Recording) -> None:
        path = source.path
        self.name = TITLES[path.stem] if is_shipped(path) else f"{path.parent.name}/{path.name}"
        self.source = source
        self._recording = recording
        self._moments: Moments | None = None

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`; the first bin holds before the recording, the last one after it."""
        self._moments = self._moments or self._load()
        flow, start, end = self._moments.flow_at(time_us)
        return FlowField(flow, min(start, time_us), max(end, time_us + 1))

    def close(self) -> None:
        """See `FlowProvider.close`."""
        self._moments = None

    def _load(self) -> Moments:
        from wholefield.tasks.events.moments import open_moments

        return open_moments(self.source.path, self._recording, self.source.device)
