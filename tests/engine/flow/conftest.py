"""Events at random and what stands in for a recording."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from wholefield.sources.events.recording import EVENT_DTYPE, Events

MakeEvents = Callable[..., Events]


def random_events(count: int, width: int, height: int, duration: int, seed: int = 0) -> Events:
    """Events anywhere on a sensor, ascending in time."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["x"], events["y"] = rng.integers(0, width, count), rng.integers(0, height, count)
    events["p"], events["t"] = rng.integers(0, 2, count), np.sort(rng.integers(0, duration, count))
    return events


@dataclass(frozen=True)
class InMemory:
    """The part of a recording that features need."""

    all_events: Events
    width: int
    height: int

    @property
    def duration_us(self) -> int:
        return int(self.all_events["t"][-1]) + 1

    def events(self, start_us: int, end_us: int) -> Events:
        first, last = np.searchsorted(self.all_events["t"], [start_us, end_us])
        return self.all_events[first:last]


@pytest.fixture
def make_events() -> MakeEvents:
    return random_events


@pytest.fixture
def recording() -> InMemory:
    return InMemory(random_events(3000, 37, 23, 95_000), 37, 23)
