"""When the network of a flow is loaded, and how long its bins hold."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.sources import open_recording
from wholefield.tasks.events.network_flow import NetworkFlow
from wholefield.tasks.events.provider import FlowSource
from wholefield.training.settings import Device

LAST = 15


class FakeMoments:
    """Stands in for a network: 16 bins of 10 ms whose flow is their number."""

    made: list[tuple[Path, Device]] = []

    def __init__(self, checkpoint: Path, recording: object, device: Device) -> None:
        self.made.append((checkpoint, device))

    def flow_at(self, time_us: int) -> tuple[np.ndarray, int, int]:
        number = min(max(time_us // 10_000, 0), LAST)
        return np.full((2, 32, 40), number, np.float32), number * 10_000, (number + 1) * 10_000


def test_a_network_is_loaded_once_and_its_last_bin_holds_to_the_end(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wholefield.tasks.events.moments.MomentFlow", FakeMoments)
    monkeypatch.setattr(FakeMoments, "made", [])
    source = FlowSource(Path("runs/a/best.ckpt"), device=Device.CPU)
    with open_recording(clip) as recording:
        flow = source.open(recording)
        assert isinstance(flow, NetworkFlow)
        assert (flow.name, flow.source) == ("a/best.ckpt", source)
        assert FakeMoments.made == []
        for time_us in (0, 9_999, 10_000, 160_000, 500_000):
            field = flow.flow_at(time_us)
            assert field is not None
            assert field.holds_at(time_us)
            assert field.flow[0, 0, 0] == min(time_us // 10_000, LAST)
        assert FakeMoments.made == [(source.path, Device.CPU)]
        flow.close()
        again = flow.flow_at(5)
        assert again is not None
        assert again.holds_at(5)
        assert len(FakeMoments.made) == 2
