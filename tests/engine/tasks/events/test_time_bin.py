"""Time bins that follow the motion: speeds over two decades, and recordings without events."""

import numpy as np
import numpy.typing as npt
import pytest

from wholefield.sources.events.recording import EVENT_DTYPE
from wholefield.tasks.events.time_bin import WANTED_PX, fitting_bin


class Moving:
    """A recording with events everywhere whose motion is known."""

    width, height, duration_us = 40, 30, 1_000_000

    def __init__(self, per_us: float, speed: float) -> None:
        self._per_us, self.speed = per_us, speed

    def events(self, start_us: int, end_us: int) -> npt.NDArray[np.void]:
        count = (
            int((min(end_us, self.duration_us) - start_us) * self._per_us)
            if start_us < self.duration_us
            else 0
        )
        random = np.random.default_rng(start_us)
        events = np.zeros(max(count, 0), EVENT_DTYPE)
        events["x"], events["y"] = random.integers(0, 40, len(events)), random.integers(0, 30, len(events))
        return events

    def motion(self, start_us: int, length: int) -> npt.NDArray[np.float32]:
        flow = np.zeros((2, 30, 40), np.float32)
        # No method finds more than 18 px.
        flow[0] = min(self.speed * length / 1e6, 18)
        return flow


@pytest.mark.parametrize("speed", [60.0, 300.0, 2_000.0, 20_000.0])
@pytest.mark.parametrize("per_us", [0.01, 0.3])
def test_the_bin_follows_the_speed(speed: float, per_us: float) -> None:
    recording = Moving(per_us, speed)
    found = fitting_bin(recording, recording.motion)
    assert found is not None
    assert WANTED_PX / 1.7 < speed * found / 1e6 < WANTED_PX * 1.7
    assert str(found).rstrip("0") in ("1", "2", "5")


def test_without_events_there_is_none() -> None:
    recording = Moving(0, 100)
    assert fitting_bin(recording, recording.motion) is None
