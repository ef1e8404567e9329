"""Flow warp loss: events that leave, windows of enough motion, the spinner at its known speed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wholefield.flow.representations import SizedEventSource
from wholefield.flow.scores.sharpness import flow_warp_loss, median_motion, window_of_enough_motion
from wholefield.flow.warping.events import Trajectory


def test_events_that_leave_are_counted(make_events: Callable[..., np.ndarray]) -> None:
    events = make_events(4000, 20, 16, 10_000)
    flow = np.zeros((2, 16, 20))
    flow[0] = 1000.0
    # In 10 ms events move 10 px; at the middle an event of time t has moved 5 - t / 1000 px: 1/8 of 20 px on average.
    assert flow_warp_loss(events, flow, 5000)[1] == pytest.approx(1 / 8, abs=0.02)


def test_window_of_enough_motion(recording: SizedEventSource) -> None:
    flow = np.full((2, 23, 37), 100.0)
    start, end = window_of_enough_motion(recording, flow, 50_000)
    assert end - start == pytest.approx(5 / np.hypot(100, 100) * 1e6, rel=1e-4)
    assert (start + end) // 2 == pytest.approx(50_000, abs=1)
    assert window_of_enough_motion(recording, 0 * flow, 50_000) == (0, 200_000)
    events = recording.events(start, end)
    assert median_motion(events, flow, end - start) == pytest.approx(5, rel=1e-4)


@pytest.mark.data
def test_the_spinner_turns_at_its_known_speed(data_folder: Path) -> None:
    """FWL of omega x r, mean over the five windows of 10 ms: about 3.69 at the fit and 2.87 at +-10 %."""
    from wholefield.sources.events.opening import open_recording

    y, x = np.mgrid[:480, :640].astype(float)
    field = 121.8 * np.stack([-(y - 202.3), x - 314.3])
    with open_recording(data_folder / "events" / "spinner_evt2_640x480.raw") as spinner:
        windows = [spinner.events(start, start + 10_000) for start in range(0, 50_000, 10_000)]

    def fwl(factor: float) -> float:
        middles = range(5000, 50_000, 10_000)
        ratios = [
            flow_warp_loss(events, factor * field, middle, Trajectory(steps=8))[0]
            for events, middle in zip(windows, middles, strict=True)
        ]
        return float(np.mean(ratios))

    assert fwl(1) == pytest.approx(3.69, rel=0.03)
    assert fwl(0.9) == pytest.approx(2.87, rel=0.04)
    assert fwl(1.1) == pytest.approx(2.87, rel=0.04)
    assert fwl(0) == 1
