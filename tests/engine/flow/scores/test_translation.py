"""The best single translation: exact where events come from one, horizontal for the slider."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.flow.scores.translation import best_translation
from wholefield.sources.events.recording import EVENT_DTYPE


def moving_points(velocity: tuple[float, float], duration: int = 50_000) -> np.ndarray:
    """Events of 60 points that move together, every 500 us."""
    rng = np.random.default_rng(3)
    t = np.repeat(np.arange(0, duration, 500), 60)
    x = np.tile(rng.uniform(20, 100, 60), duration // 500) + velocity[0] * t * 1e-6
    y = np.tile(rng.uniform(20, 70, 60), duration // 500) + velocity[1] * t * 1e-6
    events = np.zeros(len(t), EVENT_DTYPE)
    events["x"], events["y"], events["t"] = np.rint(x), np.rint(y), t
    return events


@pytest.mark.parametrize("velocity", [(310.0, -150.0), (0.0, 0.0), (-33.0, 87.0)])
def test_finds_the_velocity_of_points(velocity: tuple[float, float]) -> None:
    found = best_translation(moving_points(velocity), (97, 131), 0, 50_000, max_px=24)
    # Half a pixel in the window: the places of the events are rounded.
    assert found == pytest.approx(velocity, abs=10)


def test_without_events_nothing_moves() -> None:
    assert best_translation(np.zeros(0, EVENT_DTYPE), (5, 7), 0, 10_000) == (0.0, 0.0)


@pytest.mark.data
def test_slider_moves_horizontally(data_folder: Path) -> None:
    table = np.loadtxt(data_folder / "events" / "slider_depth_240x180.txt")
    events = np.zeros(len(table), EVENT_DTYPE)
    events["t"] = np.rint((table[:, 0] - table[0, 0]) * 1e6)
    events["x"], events["y"], events["p"] = table[:, 1], table[:, 2], table[:, 3]
    window = events[(events["t"] >= 0) & (events["t"] < 100_000)]
    u, v = best_translation(window, (180, 240), 0, 100_000)
    assert -120 <= u <= -100
    assert abs(v) < 0.03 * abs(u)
