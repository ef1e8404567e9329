"""The flow that a trained network finds in a recording, as a view, an export or a score card asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wholefield.tasks.events.flow_field import FlowField

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.tasks.events.moments import MomentFlow
    from wholefield.tasks.events.provider import FlowSource


class NetworkFlow:
    """The flow of the time bins of a recording; see `FlowProvider`. Torch is imported on the first question."""

    def __init__(self, source: FlowSource, recording: Recording) -> None:
        self.name = f"{source.path.parent.name}/{source.path.name}"
        self.source = source
        self._recording = recording
        self._moments: MomentFlow | None = None

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`; the first bin holds before the recording, the last one after it."""
        self._moments = self._moments or self._load()
        flow, start, end = self._moments.flow_at(time_us)
        return FlowField(flow, min(start, time_us), max(end, time_us + 1))

    def close(self) -> None:
        """See `FlowProvider.close`."""
        self._moments = None

    def _load(self) -> MomentFlow:
        from wholefield.tasks.events.moments import MomentFlow
        from wholefield.training.devices import leave_one_core_free

        leave_one_core_free()
        return MomentFlow(self.source.path, self._recording, self.source.device)
