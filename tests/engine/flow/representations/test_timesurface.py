"""Time surfaces against a slow loop in float64."""

import numpy as np
import pytest

from tests.engine.flow.representations.slow import BINS, DELTA, HEIGHT, START, WIDTH, empty, places
from wholefield.errors import SettingError
from wholefield.flow.representations import (
    multi_channel_timesurface,
    timesurface,
)


def slow_timesurface(events: np.ndarray, factor: int) -> np.ndarray:
    out = empty(2, factor)
    for k, t, p, y, x in places(events, factor):
        out[k, p, y, x] = max(out[k, p, y, x], t / DELTA)
    return out


@pytest.mark.parametrize("factor", [0, 1])
def test_timesurface(events: np.ndarray, factor: int) -> None:
    surface = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START)
    slow = slow_timesurface(events, factor)
    np.testing.assert_allclose(surface, slow, atol=1e-7)
    in_us = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, normed=False)
    np.testing.assert_allclose(in_us, slow * DELTA, atol=1e-4)
    both = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, split_polarity=False)
    np.testing.assert_allclose(both[:, 0], slow.max(axis=1), atol=1e-7)


def test_multi_channel_timesurface_is_one_surface_a_part(events: np.ndarray) -> None:
    channels = multi_channel_timesurface(events, BINS, 3 * 300, HEIGHT, WIDTH, 0, START)
    assert channels.shape == (BINS, 6, HEIGHT, WIDTH)
    part = timesurface(events, 1, 300, HEIGHT, WIDTH, 0, START + 2 * 900 + 300)
    np.testing.assert_array_equal(channels[2, 2:4], part[0])
    with pytest.raises(SettingError, match="multiple of num_utbins"):
        multi_channel_timesurface(events, BINS, 1000, HEIGHT, WIDTH)
