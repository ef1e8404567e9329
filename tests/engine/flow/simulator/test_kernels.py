"""Pixels fire at their thresholds and are blind after an event."""

import numpy as np
import pytest

from wholefield.flow.simulator.kernels import emit


def slow_pixel(
    span: tuple[int, int], before: float, after: float, level: float, on: float, off: float
) -> list[tuple[int, int]]:
    """Events of one pixel by walking through every microsecond."""
    found, reference = [], before - level
    for t in range(span[0], span[1] + 1):
        value = before + (after - before) * (t - span[0]) / (span[1] - span[0])
        while value - reference >= on:
            found.append((t, 1))
            reference += on
        while value - reference <= -off:
            found.append((t, 0))
            reference -= off
    return found


def test_a_pixel_fires_at_every_threshold_it_crosses() -> None:
    rng = np.random.default_rng(0)
    shape = (4, 5)
    before, after = rng.normal(0, 1, shape), rng.normal(0, 1, shape)
    on, off = rng.uniform(0.1, 0.3, shape), rng.uniform(0.1, 0.3, shape)
    level = rng.uniform(-0.09, 0.09, shape)
    started = level.copy()
    rows = emit(before, after, 100, 900, level, np.full(shape, -(10**9)), on, off, np.zeros(shape), 0)
    for y, x in np.ndindex(shape):
        mine = rows[(rows[:, 1] == x) & (rows[:, 2] == y)]
        values = (float(image[y, x]) for image in (before, after, started, on, off))
        expected = slow_pixel((100, 900), *values)
        assert len(mine) == len(expected)
        assert [p for *_, p in mine] == [p for _, p in expected]
        assert all(abs(t - s) <= 1 for (t, *_), (s, _) in zip(mine, expected, strict=True))
        steps = sum(on[y, x] if p else -off[y, x] for _, p in expected)
        assert level[y, x] == pytest.approx(started[y, x] + after[y, x] - before[y, x] - steps)


def test_a_pixel_is_blind_after_an_event() -> None:
    level, last = np.zeros((1, 1)), np.full((1, 1), -(10**9))
    ones = np.ones((1, 1))
    rows = emit(0 * ones, 10 * ones, 0, 1000, level, last, ones, ones, 0 * ones, 250)
    assert rows[:, 0].tolist() == [100, 400, 700, 999]
    assert level[0, 0] == pytest.approx(0)
