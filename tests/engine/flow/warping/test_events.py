"""Warping and splatting of events against brute force."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.engine.flow.warping.slow import slow_splat
from wholefield.errors import SettingError
from wholefield.flow.warping.events import Trajectory, image_of_warped_events, splat, warp_events

MakeEvents = Callable[..., np.ndarray]


def turning(shape: tuple[int, int], omega: float, center: tuple[float, float]) -> np.ndarray:
    """Flow of a rotation in px per s."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    return omega * np.stack([-(y - center[1]), x - center[0]])


def test_splat_is_bilinear_also_at_the_border() -> None:
    rng = np.random.default_rng(0)
    x, y, weights = rng.uniform(-3, 14, 500), rng.uniform(-3, 10, 500), rng.normal(size=500)
    x[:20], y[10:30] = np.round(x[:20]), np.round(y[10:30])
    slow = slow_splat(x, y, (7, 11), weights)
    np.testing.assert_allclose(splat(x, y, (7, 11), weights), slow, atol=1e-12)


def test_straight_warp_is_the_formula(make_events: MakeEvents) -> None:
    events, flow = make_events(300, 11, 7, 10_000), np.random.default_rng(2).normal(0, 400, (2, 7, 11))
    x, y = warp_events(events, flow, 4000)
    u, v = flow[:, events["y"], events["x"]]
    ahead = (4000 - events["t"]) * 1e-6
    np.testing.assert_allclose(x, events["x"] + ahead * u, atol=1e-12)
    np.testing.assert_allclose(y, events["y"] + ahead * v, atol=1e-12)
    image = image_of_warped_events(events, flow, 4000, weights=2.0 * events["p"] - 1)
    np.testing.assert_allclose(image, slow_splat(x, y, (7, 11), 2.0 * events["p"] - 1), atol=1e-11)


def test_steps_along_the_field_follows_a_rotation(make_events: MakeEvents) -> None:
    events = make_events(300, 41, 41, 10_000)
    inside = np.hypot(events["x"] - 20.3, events["y"] - 19.6) < 18
    events = events[inside]
    flow = turning((41, 41), 100.0, (20.3, 19.6))
    x, y = warp_events(events, flow, 5000, Trajectory(steps=64))
    angle = 100e-6 * (5000 - events["t"])
    dx, dy = events["x"] - 20.3, events["y"] - 19.6
    np.testing.assert_allclose(x, 20.3 + np.cos(angle) * dx - np.sin(angle) * dy, atol=1e-4)
    np.testing.assert_allclose(y, 19.6 + np.sin(angle) * dx + np.cos(angle) * dy, atol=1e-4)
    straight = warp_events(events, flow, 5000)[0]
    assert abs(straight - x).max() > 1


@pytest.mark.parametrize("t_ref", [0, 3000, 4500, 9000, 12_000])
def test_a_trajectory_through_time_bins_takes_each_for_its_time(make_events: MakeEvents, t_ref: int) -> None:
    speeds = np.array([100.0, -700.0, 300.0])
    flow = np.zeros((3, 2, 7, 11))
    flow[:, 0] = speeds[:, None, None]
    events = make_events(100, 11, 7, 9000)
    events["t"][:3] = 0, 3000, 6000
    x, y = warp_events(events, flow, t_ref, Trajectory(bin_us=3000))
    traveled = np.concatenate([[0], np.cumsum(speeds * 3e-3), [speeds.sum() * 3e-3 + speeds[-1] * 3e-3]])

    def travel(t: np.ndarray) -> np.ndarray:
        return np.interp(t, np.arange(5) * 3000, traveled)

    np.testing.assert_allclose(x, events["x"] + travel(np.array(t_ref)) - travel(events["t"]), atol=1e-12)
    np.testing.assert_array_equal(y, events["y"])


def test_a_flow_of_another_shape_is_refused(make_events: MakeEvents) -> None:
    with pytest.raises(SettingError, match="must be"):
        warp_events(make_events(3, 4, 4, 100), np.zeros((3, 4, 4)), 0)
