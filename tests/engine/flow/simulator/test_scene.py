"""Scenes from settings and a seed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.simulator import (
    SceneSettings,
    make_scene,
    simulate,
)

SMALL = SceneSettings(
    width=47, height=37, duration_us=100_000, planes=2, label_delta_us=10_000, leak_hz=0, shot_hz=0
)


@pytest.mark.parametrize("change", [{"width": 0}, {"shot_hz": -1.0}, {"threshold": 0.0}, {"planes": 0}])
def test_wrong_settings_are_named(change: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(change))):
        simulate(replace(SMALL, **change))


def test_a_scene_comes_from_its_seed_and_keeps_below_its_speed() -> None:
    settings = replace(SMALL, planes=4, speed=80.0, turn=0.0, zoom=0.0)
    planes = make_scene(settings, 7)
    assert [plane.half is None for plane in planes] == [True, False, False, False]
    for one, same, other in zip(planes, make_scene(settings, 7), make_scene(settings, 8), strict=True):
        assert (one.motion, one.half) == (same.motion, same.half)
        assert one.motion != other.motion
        np.testing.assert_array_equal(one.texture, same.texture)
        moved = [one.motion.displacement(t, t + 1e-3, settings.shape) for t in (0.0, 0.2, 0.7)]
        assert max(np.hypot(*flow).max() for flow in moved) <= 80e-3 * (1 + 1e-9)


def test_labels_cover_the_recording() -> None:
    assert replace(SMALL, duration_us=95_000).label_count == 10
