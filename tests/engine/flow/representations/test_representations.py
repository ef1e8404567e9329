"""Every representation against a slow loop in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.flow.representations import (
    PREPROCESSORS,
    diff,
    event_cube,
    histo,
    make_features,
    multi_channel_timesurface,
    preprocessor,
    register,
    timesurface,
)

Slow = Callable[..., np.ndarray]
WIDTH, HEIGHT, BINS, DELTA, START = 13, 9, 4, 901, 350


def places(events: np.ndarray, factor: int) -> Any:
    """(bin, time in the bin, polarity, row, column) of every event on the grid."""
    for event in events:
        k, t = divmod(int(event["t"]) - START, DELTA)
        if 0 <= k < BINS and event["x"] < WIDTH and event["y"] < HEIGHT:
            yield k, t, int(event["p"] > 0), int(event["y"]) >> factor, int(event["x"]) >> factor


def empty(channels: int, factor: int) -> np.ndarray:
    block = 2**factor
    return np.zeros((BINS, channels, -(-HEIGHT // block), -(-WIDTH // block)))


def slow_histo(events: np.ndarray, factor: int, limit: float) -> np.ndarray:
    out = empty(2, factor)
    for k, _, p, y, x in places(events, factor):
        out[k, p, y, x] += 1 / (limit * 4**factor)
    return np.minimum(out, 1)


def slow_diff(events: np.ndarray, factor: int, limit: float) -> np.ndarray:
    out = empty(1, factor)
    for k, _, p, y, x in places(events, factor):
        out[k, 0, y, x] += (2 * p - 1) / (limit * 4**factor)
    return np.clip(out, -1, 1)


def slow_cube(events: np.ndarray, factor: int, limit: float, micro: int, split: bool) -> np.ndarray:
    out = empty(micro * (2 if split else 1), factor)
    for k, t, p, y, x in places(events, factor):
        place = min(max(micro * t / DELTA - 0.5, 0), micro - 1)
        for b in range(micro):
            weight = max(0.0, 1 - abs(b - place)) / (limit * 4**factor)
            out[k, 2 * b + p if split else b, y, x] += weight if split or p else -weight
    return np.clip(out, -1, 1)


def slow_timesurface(events: np.ndarray, factor: int) -> np.ndarray:
    out = empty(2, factor)
    for k, t, p, y, x in places(events, factor):
        out[k, p, y, x] = max(out[k, p, y, x], t / DELTA)
    return out


@pytest.fixture(params=["ascending", "shuffled"])
def events(request: pytest.FixtureRequest, make_events: Callable[..., np.ndarray]) -> np.ndarray:
    """More time and a larger sensor than the grid has, so that some must be left out."""
    made = make_events(4000, WIDTH + 3, HEIGHT + 2, START + BINS * DELTA + 500)
    return made if request.param == "ascending" else np.random.default_rng(1).permutation(made)


@pytest.mark.parametrize("factor", [0, 1, 2])
@pytest.mark.parametrize("limit", [0.7, 5.0, 63.75])
def test_counts(events: np.ndarray, factor: int, limit: float) -> None:
    arguments = (events, BINS, DELTA, HEIGHT, WIDTH, factor, START)
    np.testing.assert_allclose(histo(*arguments, limit), slow_histo(events, factor, limit), atol=2e-6)
    np.testing.assert_allclose(diff(*arguments, limit), slow_diff(events, factor, limit), atol=2e-6)


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize(("micro", "split"), [(3, True), (3, False), (1, True), (2, True), (7, False)])
@pytest.mark.parametrize("limit", [0.7, 63.75])
def test_event_cube(events: np.ndarray, factor: int, micro: int, split: bool, limit: float) -> None:
    cube = event_cube(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, micro, split, limit)
    assert cube.dtype == np.float32
    np.testing.assert_allclose(cube, slow_cube(events, factor, limit, micro, split), atol=3e-6)


@pytest.mark.parametrize("factor", [0, 1])
def test_timesurface(events: np.ndarray, factor: int) -> None:
    surface = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START)
    slow = slow_timesurface(events, factor)
    np.testing.assert_allclose(surface, slow, atol=1e-7)
    in_us = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, normed=False)
    np.testing.assert_allclose(in_us, slow * DELTA, atol=1e-4)
    both = timesurface(events, BINS, DELTA, HEIGHT, WIDTH, factor, START, split_polarity=False)
    np.testing.assert_allclose(both[:, 0], slow.max(axis=1), atol=1e-7)


def test_multi_channel_timesurface_is_one_surface_a_part(events: np.ndarray) -> None:
    channels = multi_channel_timesurface(events, BINS, 3 * 300, HEIGHT, WIDTH, 0, START)
    assert channels.shape == (BINS, 6, HEIGHT, WIDTH)
    part = timesurface(events, 1, 300, HEIGHT, WIDTH, 0, START + 2 * 900 + 300)
    np.testing.assert_array_equal(channels[2, 2:4], part[0])
    with pytest.raises(SettingError, match="multiple of num_utbins"):
        multi_channel_timesurface(events, BINS, 1000, HEIGHT, WIDTH)


@given(st.integers(1, 9), st.integers(1, 700), st.integers(0, 500), st.integers(0, 2**32))
def test_cube_keeps_every_event_whole(micro: int, delta: int, start: int, seed: int) -> None:
    from tests.engine.flow.conftest import random_events

    events = random_events(200, 5, 4, 1000, seed)
    cube = event_cube(events, 3, delta, 4, 5, 0, start, micro, max_incr_per_pixel=1000)
    inside = ((events["t"] >= start) & (events["t"] < start + 3 * delta)).sum()
    assert cube.sum(dtype=np.float64) * 1000 == pytest.approx(inside, abs=1e-3)
    assert cube.min() > -1e-6


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
        assert (picture.shape, picture.dtype) == ((12, 19, 3), np.uint8)
        assert np.ptp(picture) > 50
    unsplit = event_cube(recording.all_events, 1, 95_000, 23, 37, split_polarity=False, num_utbins=4)
    assert PREPROCESSORS["event_cube"].visualize(unsplit[0]).shape == (23, 37, 3)


@pytest.mark.parametrize("name", sorted(PREPROCESSORS))
def test_a_bin_without_events_is_a_plain_picture(name: str) -> None:
    from wholefield.sources.events.recording import EVENT_DTYPE

    features = make_features(np.zeros(0, EVENT_DTYPE), name, 9000, 0, 2, 5, 7)
    assert not features.any()
    assert np.ptp(PREPROCESSORS[name].visualize(features[0])) == 0


def test_a_user_can_add_one(recording: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholefield.flow.representations.registry.PREPROCESSORS", dict(PREPROCESSORS))

    def scaled(*arguments: Any, gain: float, **more: Any) -> np.ndarray:
        return histo(*arguments, **more) * np.float32(gain)

    register("scaled", scaled, lambda given: 2, PREPROCESSORS["histo"].visualize, gain=1.0)
    twice = make_features(recording, "scaled", 9000, 0, 2, 23, 37, gain=2.0)
    np.testing.assert_array_equal(twice, 2 * make_features(recording, "histo", 9000, 0, 2, 23, 37))
    with pytest.raises(SettingError, match="already a representation named scaled"):
        register("scaled", scaled, lambda given: 2, PREPROCESSORS["histo"].visualize)


def test_wrong_settings_are_named(recording: Any) -> None:
    events = recording.all_events
    with pytest.raises(SettingError, match="no representation named cube; choose from event_cube"):
        preprocessor("cube")
    with pytest.raises(SettingError, match="histo has no argument gain; it has: max_incr_per_pixel"):
        make_features(recording, "histo", 9000, 0, 2, 23, 37, gain=2)
    with pytest.raises(SettingError, match="delta_t is 0"):
        histo(events, 1, 0, 23, 37)
    with pytest.raises(SettingError, match="downsampling_factor is -1"):
        histo(events, 1, 10, 23, 37, -1)
    with pytest.raises(SettingError, match="max_incr_per_pixel is 0"):
        diff(events, 1, 10, 23, 37, max_incr_per_pixel=0)
    with pytest.raises(SettingError, match="num_utbins is 0"):
        event_cube(events, 1, 10, 23, 37, num_utbins=0)
    with pytest.raises(SettingError, match="t is missing"):
        histo(events[["x", "y", "p"]], 1, 10, 23, 37)
