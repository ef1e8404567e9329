"""The histogram against a slow loop in float64."""

import numpy as np
import pytest

from tests.engine.flow.representations.slow import BINS, DELTA, HEIGHT, START, WIDTH, empty, places
from wholefield.flow.representations import (
    histo,
)


def slow_histo(events: np.ndarray, factor: int, limit: float) -> np.ndarray:
    out = empty(2, factor)
    for k, _, p, y, x in places(events, factor):
        out[k, p, y, x] += 1 / (limit * 4**factor)
    return np.minimum(out, 1)


@pytest.mark.parametrize("factor", [0, 1, 2])
@pytest.mark.parametrize("limit", [0.7, 5.0, 63.75])
def test_histo(events: np.ndarray, factor: int, limit: float) -> None:
    found = histo(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, limit)
    np.testing.assert_allclose(found, slow_histo(events, factor, limit), atol=2e-6)
