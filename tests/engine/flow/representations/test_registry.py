"""Representations by name: features, channels and images that agree, and one of the user's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.representations import (
    PREPROCESSORS,
    histo,
    make_features,
    preprocessor,
    register,
)

Slow = Callable[..., np.ndarray]


def test_a_bin_does_not_depend_on_its_neighbors(recording: Any) -> None:
    for name in PREPROCESSORS:
        together = make_features(recording, name, 9000, 0, 10, 23, 37)
        alone = [make_features(recording, name, 9000, k * 9000, 1, 23, 37)[0] for k in range(10)]
        np.testing.assert_allclose(together, alone, atol=1e-7)
        from_array = make_features(recording.all_events, name, 9000, 0, 10, 23, 37)
        np.testing.assert_array_equal(together, from_array)


def test_channels_and_pictures_agree_with_the_features(recording: Any) -> None:
    for name, one in PREPROCESSORS.items():
        features = make_features(recording, name, 9000, 0, 2, 23, 37, downsampling_factor=1)
        assert features.shape == (2, one.channels(one.defaults), 12, 19)
        picture = one.visualize(features[0])
        assert picture.shape == (12, 19, 3)
        assert picture.dtype == np.uint8
        assert np.ptp(picture) > 50


def test_a_user_can_add_one(recording: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholefield.flow.representations.registry.PREPROCESSORS", dict(PREPROCESSORS))

    def scaled(*arguments: Any, gain: float, **more: Any) -> np.ndarray:
        return histo(*arguments, **more) * np.float32(gain)

    register("scaled", scaled, lambda given: 2, PREPROCESSORS["histo"].visualize, gain=1.0)
    twice = make_features(recording, "scaled", 9000, 0, 2, 23, 37, gain=2.0)
    np.testing.assert_array_equal(twice, 2 * make_features(recording, "histo", 9000, 0, 2, 23, 37))
    with pytest.raises(SettingError, match="already a representation named scaled"):
        register("scaled", scaled, lambda given: 2, PREPROCESSORS["histo"].visualize)


def test_wrong_names_are_refused(recording: Any) -> None:
    with pytest.raises(SettingError, match="no representation named cube; choose from event_cube"):
        preprocessor("cube")
    with pytest.raises(SettingError, match="histo has no argument gain; it has: max_incr_per_pixel"):
        make_features(recording, "histo", 9000, 0, 2, 23, 37, gain=2)
