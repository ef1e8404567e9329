"""The difference of histograms against a slow loop in float64."""

import numpy as np
import pytest

from tests.engine.flow.representations.slow import BINS, DELTA, HEIGHT, START, WIDTH, empty, places
from wholefield.flow.representations import (
    diff,
)


def slow_diff(events: np.ndarray, factor: int, limit: float) -> np.ndarray:
    out = empty(1, factor)
    for k, _, p, y, x in places(events, factor):
        out[k, 0, y, x] += (2 * p - 1) / (limit * 4**factor)
    return np.clip(out, -1, 1)


@pytest.mark.parametrize("factor", [0, 1, 2])
@pytest.mark.parametrize("limit", [0.7, 5.0, 63.75])
def test_diff(events: np.ndarray, factor: int, limit: float) -> None:
    found = diff(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, limit)
    np.testing.assert_allclose(found, slow_diff(events, factor, limit), atol=2e-6)
