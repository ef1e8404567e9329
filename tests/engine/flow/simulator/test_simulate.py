"""Simulated recordings: exact flow, pixels that obey their thresholds, noise at its rates."""

from dataclasses import replace

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.simulator import (
    Camera,
    Course,
    Motion,
    Plane,
    SceneSettings,
    make_scene,
    simulate,
    stretches_of,
)
from wholefield.flow.simulator.kernels import emit
from wholefield.flow.warping.events import Trajectory, image_of_warped_events
from wholefield.flow.warping.splat_kernels import flow_at

SMALL = SceneSettings(
    width=47, height=37, duration_us=100_000, planes=2, label_delta_us=10_000, leak_hz=0, shot_hz=0
)
STILL = Motion(Course(3.0), Course(4.0))


def slow_pixel(
    before: float, after: float, span: tuple[int, int], level: float, on: float, off: float
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
        expected = slow_pixel(before[y, x], after[y, x], (100, 900), started[y, x], on[y, x], off[y, x])
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


def test_events_are_in_order_and_inside_and_come_from_the_seed() -> None:
    settings = replace(SMALL, shot_hz=5.0, leak_hz=1.0, refractory_us=500)
    events, flow = simulate(settings, 3)
    assert (np.diff(events["t"]) >= 0).all()
    assert (events["x"].max(), events["y"].max()) == (46, 36)
    assert 0 <= events["t"].min() <= events["t"].max() < 100_000
    assert (flow.shape, flow.dtype) == ((10, 2, 37, 47), np.float32)
    again, flow_again = simulate(settings, 3)
    np.testing.assert_array_equal(events, again)
    np.testing.assert_array_equal(flow, flow_again)
    other = simulate(settings, 4)[0]
    assert len(other) != len(events)


def test_stretches_end_with_the_recording() -> None:
    settings, steps = replace(SMALL, duration_us=25_000), []
    parts = list(stretches_of(settings, 1, lambda *step: steps.append(step)))
    assert [part.start_us for part in parts] == [0, 10_000, 20_000]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    for part, end in zip(parts, (10_000, 20_000, 25_000), strict=True):
        assert part.start_us <= part.events["t"].min()
        assert part.events["t"].max() < end


def test_flow_leads_from_one_picture_to_the_next() -> None:
    """What a pixel sees is seen where the flow says, to the error of sampling a picture between its pixels."""
    planes = make_scene(SMALL, 5)[:1]
    camera = Camera(planes, SMALL, 5)
    flow = next(stretches_of(SMALL, 5, planes=planes)).flow.astype(np.float64)
    before, after = camera.look(0)[0], camera.look(10_000)[0]
    y, x = np.mgrid[4:33, 4:43]
    stacked = np.stack([after, after])

    def change(sign: int) -> float:
        u, v = sign * flow[:, y, x]
        led = [flow_at(stacked, a, b)[0] for a, b in zip((x + u).flat, (y + v).flat, strict=True)]
        return float(np.abs(led - before[y, x].ravel()).mean())

    assert np.hypot(*flow).mean() > 0.8
    assert change(1) < 0.02
    assert change(1) < 0.15 * min(change(0), change(-1))


@pytest.mark.parametrize("seed", range(4))
def test_flow_sharpens_the_events(seed: int) -> None:
    settings = replace(SMALL, width=96, height=72, duration_us=80_000, label_delta_us=80_000)
    events, flow = simulate(settings, seed)
    speed = flow[0].astype(np.float64) / 0.08
    true, *wrong = (
        image_of_warped_events(events, factor * speed, 40_000, Trajectory(steps=4)).var()
        for factor in (1, 0, 0.5, 1.5, -1)
    )
    assert true > 1.3 * max(wrong)


def test_the_front_plane_hides_the_background() -> None:
    dark, bright = np.full((4, 4), -1, np.float32), np.full((4, 4), 1, np.float32)
    moving = Motion(Course(20.0, 100.0), Course(15.0))
    planes = (Plane(dark, STILL), Plane(bright, moving, (5.0, 3.0), 2.0))
    picture, layer = Camera(planes, SMALL, 0).look(0)
    assert layer[15, 20] == 1
    y, x = np.mgrid[:37, :47]
    round_corner = np.hypot(np.maximum(abs(x - 20) - 5, 0), np.maximum(abs(y - 15) - 3, 0)) <= 2
    np.testing.assert_array_equal(layer, round_corner)
    assert picture[15, 20] == 1
    assert picture[30, 40] == -1
    flow = next(stretches_of(SMALL, planes=planes)).flow
    np.testing.assert_allclose(flow[0], layer * 1.0, atol=1e-6)
    np.testing.assert_allclose(flow[1], 0, atol=1e-6)


def test_noise_comes_at_its_rates() -> None:
    """A scene that stands still: 1739 pixels for 2 s."""
    still = (Plane(np.zeros((4, 4), np.float32), STILL),)
    settings = replace(SMALL, duration_us=2_000_000, label_delta_us=500_000, threshold_noise=0.1)
    quiet = [part.events for part in stretches_of(settings, 1, planes=still)]
    assert sum(map(len, quiet)) == 0
    for rate, positive in (({"leak_hz": 2.0}, 1.0), ({"shot_hz": 2.0}, 0.5)):
        parts = stretches_of(replace(settings, **rate), 1, planes=still)
        # The first second is left out: pixels begin anywhere between their thresholds.
        events = np.concatenate([part.events for part in parts if part.start_us >= 1_000_000])
        assert len(events) == pytest.approx(47 * 37 * 2, rel=0.05)
        assert events["p"].mean() == pytest.approx(positive, abs=0.03)


def test_thresholds_differ_between_pixels() -> None:
    settings = replace(SMALL, threshold_noise=0.1)
    camera = Camera(make_scene(settings, 0), settings, 0)
    assert camera._on.std() / settings.threshold == pytest.approx(0.1, rel=0.1)
    assert abs(np.corrcoef(camera._on.ravel(), camera._off.ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("change", [{"width": 0}, {"shot_hz": -1.0}, {"threshold": 0.0}, {"planes": 0}])
def test_wrong_settings_are_named(change: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=next(iter(change))):
        simulate(replace(SMALL, **change))
