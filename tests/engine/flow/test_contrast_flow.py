"""Contrast maximization: scenes whose motion is known, and the sharpness against one computed in float64."""

import numpy as np
import numpy.typing as npt
import pytest

from wholefield.flow.contrast_flow import ContrastSettings, contrast_flow
from wholefield.flow.contrast_kernels import sharpness
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.sources.events.recording import EVENT_DTYPE

BIN_US = 20_000


def test_the_sharpness_of_a_cell_is_that_of_the_smoothed_picture() -> None:
    random = np.random.default_rng(0)
    x, y = random.uniform(4, 28, 300).astype(np.float32), random.uniform(4, 12, 300).astype(np.float32)
    t = random.uniform(-0.5, 0.5, 300).astype(np.float32)
    ways = np.array([[0, 0], [2.5, -1.0]], np.float32)
    cells = np.argwhere(np.ones((2, 4), bool))
    sums, squares = np.zeros((2, 2, 4), np.float32), np.zeros((2, 2, 4), np.float32)
    sharpness(x, y, t, ways, cells, 8, sums, squares)
    for k, way in enumerate(ways.astype(np.float64)):
        picture = np.zeros((18, 34))
        columns = np.floor(x - t * np.float32(way[0]) + np.float32(0.5)).astype(int)
        rows = np.floor(y - t * np.float32(way[1]) + np.float32(0.5)).astype(int)
        np.add.at(picture, (rows + 1, columns + 1), 1)
        smooth = sum(
            weight * picture[1 + down : 17 + down, 1 + across : 33 + across]
            for down, part in ((-1, 0.25), (0, 0.5), (1, 0.25))
            for across, weight in ((-1, 0.25 * part), (0, 0.5 * part), (1, 0.25 * part))
        )
        blocks = np.asarray(smooth).reshape(2, 8, 4, 8)
        np.testing.assert_allclose(sums[k], blocks.sum((1, 3)), rtol=1e-5)
        np.testing.assert_allclose(squares[k], (blocks**2).sum((1, 3)), rtol=1e-5)


def error(
    events: npt.NDArray[np.void], flow: npt.NDArray[np.float32], truth: npt.NDArray[np.float32]
) -> float:
    """Mean endpoint error at the events, as a share of that of no flow."""
    seen = slice(None), events["y"], events["x"]
    return float(np.hypot(*(flow - truth)[seen]).mean() / np.hypot(*truth[seen]).mean())


@pytest.mark.parametrize("seed", [3, 5])
def test_simulated_scenes(seed: int) -> None:
    settings = SceneSettings(width=96, height=80, duration_us=3 * BIN_US, label_delta_us=BIN_US)
    events, labels = simulate(settings, seed)
    inside = events[events["t"] // BIN_US == 2]
    assert error(inside, contrast_flow(events, 2 * BIN_US, BIN_US, 80, 96), labels[2]) < 0.5


def translating(height: int, width: int, way: tuple[float, float]) -> npt.NDArray[np.void]:
    """Points at random that move by a displacement within 10 ms, seen 40 times each."""
    random = np.random.default_rng(1)
    places = random.uniform(0, (width, height), (height * width // 60, 2))
    times = np.linspace(0, 1, 40, endpoint=False)
    moved = (places[:, None] + times[None, :, None] * np.array(way)).reshape(-1, 2)
    t = np.tile(times * 10_000, len(places))
    kept = ((moved >= 0) & (moved < (width - 1, height - 1))).all(1)
    events = np.zeros(kept.sum(), EVENT_DTYPE)
    events["x"], events["y"] = np.rint(moved[kept]).T
    events["t"] = t[kept]
    return events[np.argsort(events["t"], kind="stable")]


@pytest.mark.parametrize(
    ("size", "way"), [((60, 90), (5.0, -3.0)), ((61, 91), (0, 0)), ((300, 400), (-9.0, 6.0))]
)
def test_a_translation_is_found_on_sensors_of_any_size(
    size: tuple[int, int], way: tuple[float, float]
) -> None:
    events = translating(*size, way)
    flow = contrast_flow(events, 0, 10_000, *size)
    assert flow.shape == (2, *size)
    assert flow.dtype == np.float32
    found = np.median(flow[:, events["y"], events["x"]], axis=1)
    np.testing.assert_allclose(found, way, atol=0.4)


def test_without_events_there_is_no_flow() -> None:
    assert not contrast_flow(np.zeros(0, EVENT_DTYPE), 0, 10_000, 20, 30).any()
    late = np.zeros(5, EVENT_DTYPE)
    late["t"] = 50_000
    assert not contrast_flow(late, 0, 10_000, 20, 30).any()


def test_thinned_events_tell_of_the_motion_too() -> None:
    events = translating(60, 90, (4.0, 2.0))
    few = contrast_flow(events, 0, 10_000, 60, 90, ContrastSettings(most_events=1500))
    np.testing.assert_allclose(np.median(few[:, events["y"], events["x"]], axis=1), (4, 2), atol=0.6)
