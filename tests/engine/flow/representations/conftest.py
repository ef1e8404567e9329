"""Events on and around the grid of the representation tests."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.engine.flow.representations.slow import BINS, DELTA, HEIGHT, START, WIDTH


@pytest.fixture(params=["ascending", "shuffled"])
def events(request: pytest.FixtureRequest, make_events: Callable[..., np.ndarray]) -> np.ndarray:
    """More time and a larger sensor than the grid has, so that some must be left out."""
    made = make_events(4000, WIDTH + 3, HEIGHT + 2, START + BINS * DELTA + 500)
    return made if request.param == "ascending" else np.random.default_rng(1).permutation(made)
