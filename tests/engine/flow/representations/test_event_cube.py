"""The event cube against a slow loop in float64; no event is lost."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.engine.flow.representations.slow import BINS, DELTA, HEIGHT, START, WIDTH, empty, places
from wholefield.errors import SettingError
from wholefield.flow.representations import (
    event_cube,
)


def slow_cube(events: np.ndarray, factor: int, limit: float, micro: int, split: bool) -> np.ndarray:
    out = empty(micro * (2 if split else 1), factor)
    for k, t, p, y, x in places(events, factor):
        place = min(max(micro * t / DELTA - 0.5, 0), micro - 1)
        for b in range(micro):
            weight = max(0.0, 1 - abs(b - place)) / (limit * 4**factor)
            out[k, 2 * b + p if split else b, y, x] += weight if split or p else -weight
    return np.clip(out, -1, 1)


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize(("micro", "split"), [(3, True), (3, False), (1, True), (2, True), (7, False)])
@pytest.mark.parametrize("limit", [0.7, 63.75])
def test_event_cube(events: np.ndarray, factor: int, micro: int, split: bool, limit: float) -> None:
    cube = event_cube(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, micro, split, limit)
    assert cube.dtype == np.float32
    np.testing.assert_allclose(cube, slow_cube(events, factor, limit, micro, split), atol=3e-6)


@given(st.integers(1, 9), st.integers(1, 700), st.integers(0, 500), st.integers(0, 2**32))
def test_cube_keeps_every_event_whole(micro: int, delta: int, start: int, seed: int) -> None:
    from tests.engine.flow.conftest import random_events

    events = random_events(200, 5, 4, 1000, seed)
    cube = event_cube(events, 3, delta, 4, 5, 0, start, micro, max_incr_per_pixel=1000)
    inside = ((events["t"] >= start) & (events["t"] < start + 3 * delta)).sum()
    assert cube.sum(dtype=np.float64) * 1000 == pytest.approx(inside, abs=1e-3)
    assert cube.min() > -1e-6


def test_a_cube_needs_micro_bins(recording: Any) -> None:
    with pytest.raises(SettingError, match="num_utbins is 0"):
        event_cube(recording.all_events, 1, 10, 23, 37, num_utbins=0)
