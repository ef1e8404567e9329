"""The camera: hidden planes, noise at its rates, thresholds of their own."""

from dataclasses import replace

import numpy as np
import pytest

from wholefield.flow.simulator import (
    Camera,
    Course,
    Motion,
    Plane,
    SceneSettings,
    make_scene,
    stretches_of,
)

SMALL = SceneSettings(
    width=47, height=37, duration_us=100_000, planes=2, label_delta_us=10_000, leak_hz=0, shot_hz=0
)


STILL = Motion(Course(3.0), Course(4.0))


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
    leaking, shooting = replace(settings, leak_hz=2.0), replace(settings, shot_hz=2.0)
    for noisy, positive in ((leaking, 1.0), (shooting, 0.5)):
        parts = stretches_of(noisy, 1, planes=still)
        # The first second is left out: pixels begin anywhere between their thresholds.
        events = np.concatenate([part.events for part in parts if part.start_us >= 1_000_000])
        assert len(events) == pytest.approx(47 * 37 * 2, rel=0.05)
        assert events["p"].mean() == pytest.approx(positive, abs=0.03)


def test_thresholds_differ_between_pixels() -> None:
    settings = replace(SMALL, threshold_noise=0.1)
    camera = Camera(make_scene(settings, 0), settings, 0)
    assert camera._on.std() / settings.threshold == pytest.approx(0.1, rel=0.1)
    assert abs(np.corrcoef(camera._on.ravel(), camera._off.ravel())[0, 1]) < 0.1


def test_hot_pixels_fire_at_their_rate_and_others_stay_quiet() -> None:
    still = (Plane(np.zeros((4, 4), np.float32), STILL),)
    settings = replace(SMALL, hot_share=0.01, hot_hz=500.0, duration_us=1_000_000, label_delta_us=500_000)
    events = np.concatenate([part.events for part in stretches_of(settings, 2, planes=still)])
    pixels, counts = np.unique(events["y"].astype(int) * 47 + events["x"], return_counts=True)
    assert 8 <= len(pixels) <= 30
    np.testing.assert_allclose(counts, 500, rtol=0.25)
    assert events["p"].mean() == pytest.approx(0.9, abs=0.02)
    assert (np.diff(events["t"].astype(np.int64)) >= 0).all()


def test_the_threshold_of_negative_events_may_be_another() -> None:
    """Half the threshold gives twice the negative events, and about as many positive ones."""
    counts = []
    for ratio in (1.0, 0.5):
        settings = replace(SMALL, threshold_noise=0.0, off_ratio=ratio, threshold=0.05, refractory_us=0)
        events = np.concatenate([part.events for part in stretches_of(settings, 1)])
        counts.append(np.bincount(events["p"], minlength=2))
    np.testing.assert_allclose(counts[1] / counts[0], (2, 1), rtol=0.1)
