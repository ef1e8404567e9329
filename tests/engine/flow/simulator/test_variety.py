"""Scenes of great variety: how far their ranges reach, and that their labels are exact."""

import numpy as np

from wholefield.flow.simulator import Plane, SceneSettings, stretches_of, varied_scene
from wholefield.flow.simulator.variety import BIN_US, FASTEST, SIZES

SEEDS = range(60)


def fastest(settings: SceneSettings, planes: tuple[Plane, ...]) -> float:
    """The longest way of any pixel of any plane within a bin, in px."""
    return max(
        plane.motion.reach(k * BIN_US / 1e6, (k + 1) * BIN_US / 1e6, settings.shape)
        for plane in planes
        for k in range(6)
    )


def test_scenes_differ_over_wide_ranges() -> None:
    scenes = [varied_scene(seed, bins=6) for seed in SEEDS]
    settings = [scene[0] for scene in scenes]
    speeds = [fastest(*scene) for scene in scenes]
    assert {(each.width, each.height) for each in settings} == set(SIZES)
    assert set(range(1, 7)) <= {each.planes for each in settings} <= set(range(1, 8))
    assert min(speeds) < FASTEST / 40
    assert max(speeds) > FASTEST / 2
    for name, least in (("contrast", 3), ("threshold", 3), ("shot_hz", 50), ("refractory_us", 50)):
        values = [getattr(each, name) for each in settings]
        assert max(values) / min(values) > least, name
    hot = [each.hot_share > 0 for each in settings]
    assert 0.1 < np.mean(hot) < 0.6


def test_the_same_seed_gives_the_same_scene() -> None:
    (settings, planes), (again, same) = (varied_scene(7, 2, (48, 40)) for _ in range(2))
    assert settings == again
    assert settings.shape == (40, 48)
    assert all(np.array_equal(one.texture, other.texture) for one, other in zip(planes, same, strict=True))
    assert [plane.motion for plane in planes] == [plane.motion for plane in same]


def test_what_is_seen_moves_as_the_labels_tell() -> None:
    """The picture of the next moment, looked up where the labels point, is that of this one, where nothing hides."""
    from scipy.ndimage import map_coordinates

    from wholefield.flow.simulator import Camera

    for seed in (1, 4, 9):
        settings, planes = varied_scene(seed, 2, (96, 80))
        first = next(stretches_of(settings, seed, planes=planes))
        camera = Camera(planes, settings, seed)
        (now, layer), (later, next_layer) = camera.look(0), camera.look(BIN_US)
        y, x = np.mgrid[:80, :96].astype(np.float64)
        places = [y + first.flow[1], x + first.flow[0]]
        inside = (places[0] > 1) & (places[0] < 78) & (places[1] > 1) & (places[1] < 94)
        arrived = map_coordinates(next_layer.astype(float), places, order=1, mode="nearest")
        calm = inside & (np.abs(arrived - layer) < 1e-9)
        seen = map_coordinates(later, places, order=1)
        assert calm.sum() > 100
        errors = np.abs(seen - now)[calm]
        assert np.median(errors) < 0.05 * max(now[calm].std(), 1e-3)
