"""How long to accumulate at first, and the event rate."""

import numpy as np
import pytest

from tests.app.viewer.events.memory_recording import make_recording
from wholefield_app.video.frames import LONGEST_US, SHORTEST_US, first_accumulation
from wholefield_app.workspaces.events.opening import index_and_rate


@pytest.mark.parametrize("count", [100, 3_000, 30_000, 300_000])
def test_the_first_frame_has_enough_events_or_is_as_long_as_may_be(count: int) -> None:
    recording = make_recording(count)
    chosen = first_accumulation(recording)
    assert SHORTEST_US <= chosen <= LONGEST_US
    wanted = 0.08 * recording.width * recording.height
    middle = recording.duration_us // 2
    assert chosen == LONGEST_US or recording.count(middle, middle + chosen) >= wanted
    assert chosen == SHORTEST_US or recording.count(middle, middle + chosen // 3) < wanted


def test_the_rate_has_every_event() -> None:
    recording = make_recording()
    rate = index_and_rate(recording, lambda done, total: None)
    assert rate.sum() == recording.num_events
    assert rate.dtype == np.int64
    assert index_and_rate(make_recording(10, 7), lambda done, total: None).size == 7
