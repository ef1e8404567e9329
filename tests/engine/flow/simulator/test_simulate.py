"""Simulated recordings: order, seeds, stretches, and flow that leads from one frame to the next."""

from dataclasses import replace

import numpy as np
import pytest

from wholefield.flow.simulator import (
    Camera,
    Course,
    Motion,
    SceneSettings,
    make_scene,
    simulate,
    stretches_of,
)
from wholefield.flow.warping.events import Trajectory, image_of_warped_events
from wholefield.flow.warping.splat_kernels import flow_at

SMALL = SceneSettings(
    width=47, height=37, duration_us=100_000, planes=2, label_delta_us=10_000, leak_hz=0, shot_hz=0
)
STILL = Motion(Course(3.0), Course(4.0))


def test_events_are_in_order_and_inside_and_come_from_the_seed() -> None:
    settings = replace(SMALL, shot_hz=5.0, leak_hz=1.0, refractory_us=500)
    events, flow = simulate(settings, 3)
    assert (np.diff(events["t"]) >= 0).all()
    assert (events["x"].max(), events["y"].max()) == (46, 36)
    assert 0 <= events["t"].min() <= events["t"].max() < 100_000
    assert flow.shape == (10, 2, 37, 47)
    assert flow.dtype == np.float32
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
