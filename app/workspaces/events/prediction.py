"""The flow that a trained network finds in a recording, as the view, an export or a score card asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.viewer.events.flow_layer import FlowField
from engine.runs.config import Device

if TYPE_CHECKING:
    from engine.runs.flow.moments import MomentFlow
    from engine.sources import Recording


class NetworkFlow:
    """The flow of the time bins of a recording; the network is loaded when it is asked for the first time.

    Attributes:
        name: What the window calls it.
        checkpoint: The file with the weights of the network.
    """

    def __init__(self, checkpoint: Path, recording: Recording, device: Device = Device.AUTO) -> None:
        self.name = f"{checkpoint.parent.name}/{checkpoint.name}"
        self.checkpoint = checkpoint
        self._recording = recording
        self._device = device
        self._moments: MomentFlow | None = None

    def flow_at(self, time_us: int) -> FlowField | None:
        """See `FlowProvider.flow_at`; the first bin holds before the recording, the last one after it."""
        self._moments = self._moments or self._load()
        flow, start, end = self._moments.flow_at(time_us)
        return FlowField(flow, min(start, time_us), max(end, time_us + 1))

    def again(self, recording: Recording) -> NetworkFlow:
        """See `FlowProvider.again`."""
        return NetworkFlow(self.checkpoint, recording, self._device)

    def close(self) -> None:
        """See `FlowProvider.close`."""
        self._moments = None

    def _load(self) -> MomentFlow:
        from engine.runs.devices import leave_one_core_free
        from engine.runs.flow.moments import MomentFlow

        leave_one_core_free()
        return MomentFlow(self.checkpoint, self._recording, self._device)
