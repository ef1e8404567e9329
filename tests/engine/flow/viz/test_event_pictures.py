"""Pictures of events and flow against slow loops and exact places."""

from typing import Any

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.viz.colors import flow_colors
from wholefield.flow.viz.event_pictures import (
    EventColors,
    EventCounts,
    count_events,
    flow_pixels,
    shade_events,
    sharpen_events,
    top_speed,
)
from wholefield.flow.warping.events import splat, warp_events
from wholefield.sources.events.recording import EVENT_DTYPE

SHAPE = (13, 17)
COLORS = EventColors((20, 30, 40), (250, 240, 230), (10, 120, 255))


def random_events(count: int, seed: int = 0, beyond: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["x"] = random.integers(0, SHAPE[1] + beyond, count)
    events["y"] = random.integers(0, SHAPE[0] + beyond, count)
    events["p"] = random.integers(0, 2, count)
    events["t"] = np.sort(random.integers(0, 10_000, count))
    return events


@pytest.mark.parametrize("parts", [1, 4])
def test_counts_are_those_of_a_loop_and_events_outside_are_left_out(parts: int) -> None:
    events = random_events(900, beyond=3)
    expected = np.zeros((*SHAPE, 2))
    for x, y, p in zip(events["x"], events["y"], events["p"], strict=True):
        if x < SHAPE[1] and y < SHAPE[0]:
            expected[y, x, p] += 1
    counts = count_events(np.array_split(events, parts), SHAPE)
    np.testing.assert_array_equal(counts.counts, expected)
    np.testing.assert_array_equal(counts.total, expected.sum(axis=2))


@pytest.mark.parametrize("saturation", [1, 3.0, 7])
def test_every_pixel_has_the_color_of_its_majority_mixed_with_the_background(saturation: float) -> None:
    counts = count_events([random_events(600)], SHAPE)
    shown = shade_events(counts, COLORS, saturation)
    assert (counts.total == 0).any()
    negative, positive = np.moveaxis(counts.counts, -1, 0)
    assert (negative == positive).any()
    assert (positive < negative).any()
    for y, x in np.ndindex(SHAPE):
        share = min(float(counts.total[y, x]) / saturation, 1.0)
        target = COLORS.on if positive[y, x] >= negative[y, x] else COLORS.off
        channels = [
            b + share * (c - b) if counts.total[y, x] else b
            for b, c in zip(COLORS.background, target, strict=True)
        ]
        value = int(shown[y, x])
        assert value >> 24 == 255
        found = [(value >> shift) & 255 for shift in (16, 8, 0)]
        np.testing.assert_allclose(found, channels, atol=0.5 + 1e-5)


def test_a_full_color_at_no_event_is_refused() -> None:
    with pytest.raises(SettingError, match="must be above 0"):
        shade_events(EventCounts(np.zeros((*SHAPE, 2), np.float32)), COLORS, 0)


def test_sharpened_events_of_a_moving_point_meet_in_one_pixel() -> None:
    # A point at 1000 px/s to the right and 500 px/s up passes (8, 6) at 5 ms.
    events = np.zeros(5, EVENT_DTYPE)
    events["t"] = [1000, 3000, 5000, 7000, 9000]
    events["x"] = [4, 6, 8, 10, 12]
    events["y"] = [8, 7, 6, 5, 4]
    events["p"] = [1, 1, 0, 1, 1]
    flow = np.zeros((2, *SHAPE), np.float32)
    flow[0], flow[1] = 1000, -500
    counts = sharpen_events([events[:2], events[2:]], flow, 5000)
    expected = np.zeros(SHAPE)
    expected[6, 8] = 5
    np.testing.assert_allclose(counts.total, expected, atol=1e-6)
    np.testing.assert_allclose(counts.counts[..., 1], expected * 4 / 5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 256, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sharpened_events_are_those_of_warping_and_splatting_in_float64(
    count: int, dtype: type[np.floating[Any]]
) -> None:
    random = np.random.default_rng(count)
    events = random_events(count, count)
    # Many leave the picture, across every border.
    flow = random.normal(0, 1500, (2, *SHAPE)).astype(dtype)
    counts = sharpen_events(np.array_split(events, 3), flow, 4321.5)
    for kind in (0, 1):
        chosen = events[events["p"] == kind]
        expected = splat(*warp_events(chosen, flow, 4321.5), SHAPE)
        np.testing.assert_allclose(counts.counts[..., kind], expected, atol=2e-5)
    assert count == 1 or counts.total.sum() < 0.9 * count


def test_events_outside_and_events_without_a_flow_are_left_out() -> None:
    events = random_events(500, beyond=4)
    flow = np.zeros((2, *SHAPE), np.float32)
    flow[:, :3], flow[0, 3:5] = np.nan, 1e30
    counts = sharpen_events([events], flow, 10_001)
    expected = count_events([events], SHAPE).counts.copy()
    expected[:5] = 0
    np.testing.assert_array_equal(counts.counts, expected)


def test_zero_flow_sharpens_nothing() -> None:
    events = random_events(300)
    counts, sharp = count_events([events], SHAPE), sharpen_events([events], np.zeros((2, *SHAPE)), 100)
    np.testing.assert_array_equal(sharp.counts, counts.counts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flow_over_black_has_the_colors_of_the_legend(dtype: type[np.floating[Any]]) -> None:
    flow = np.random.default_rng(1).normal(0, 50, (2, *SHAPE)).astype(dtype)
    flow[:, 0, 0] = 0
    pixels = flow_pixels(flow, 60.0)
    shown = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], -1).astype(int)
    # The legend rounds the color once, premultiplied pixels round the opacity first.
    np.testing.assert_allclose(shown, flow_colors(flow, 60.0).astype(int), atol=1)
    alpha = (pixels >> 24).astype(int)
    speed = np.hypot(flow[0], flow[1]).astype(np.float64)
    np.testing.assert_allclose(alpha, 255 * np.minimum(speed / 60, 1), atol=0.51)
    assert pixels[0, 0] == 0
    assert (shown <= alpha[..., None]).all()


def test_the_top_speed_leaves_outliers_out() -> None:
    flow = np.zeros((2, 40, 50))
    flow[0], flow[1] = 30, 40
    flow[:, 0, :5] = 1e6
    assert top_speed(flow) == pytest.approx(50)
    assert top_speed(np.zeros((2, 4, 4))) > 0
