"""Warping and splatting against brute force, in numba and in torch."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from wholefield.errors import SettingError
from wholefield.flow.warping.events import Trajectory, image_of_warped_events, splat, warp_events
from wholefield.flow.warping.splat_torch import sample, splat as torch_splat

MakeEvents = Callable[..., np.ndarray]


def slow_splat(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], weights: np.ndarray) -> np.ndarray:
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
    return sum(
        w * np.maximum(0, 1 - abs(rows - b)) * np.maximum(0, 1 - abs(columns - a))
        for a, b, w in zip(x, y, weights, strict=True)
    )


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
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    image = torch_splat(*tensors, (7, 11), torch.from_numpy(np.stack([weights, weights**2])))
    np.testing.assert_allclose(image[0], slow, atol=1e-12)
    np.testing.assert_allclose(image[1], slow_splat(x, y, (7, 11), weights**2), atol=1e-12)


def test_gradients_of_splatting_and_sampling() -> None:
    generator = torch.Generator().manual_seed(0)
    options = {"generator": generator, "dtype": torch.float64}
    x = (torch.rand(9, **options) * 7 - 1).requires_grad_()
    y = (torch.rand(9, **options) * 6 - 1).requires_grad_()
    weights = torch.rand(2, 9, **options).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b, w: torch_splat(a, b, (5, 6), w), (x, y, weights))
    flow = torch.rand(3, 2, 5, 6, **options).requires_grad_()
    index = torch.arange(9) % 3
    assert torch.autograd.gradcheck(lambda f, a, b: sample(f, index, a, b), (flow, x, y))


@pytest.mark.parametrize("shape", [(5, 6), (1, 6), (5, 1)])
def test_sampling_agrees_between_numba_and_torch(shape: tuple[int, int]) -> None:
    from wholefield.flow.warping.splat_kernels import flow_at

    rng = np.random.default_rng(0)
    flow, x, y = rng.normal(size=(4, 2, *shape)), rng.uniform(-2, 8, 60), rng.uniform(-2, 8, 60)
    index = rng.integers(0, 4, 60)
    u, v = sample(*map(torch.from_numpy, (flow, index, x, y)))
    expected = [flow_at(flow[k], a, b) for k, a, b in zip(index, x, y, strict=True)]
    np.testing.assert_allclose(torch.stack([u, v], 1), expected, atol=1e-12)


def test_straight_warp_is_the_formula(make_events: MakeEvents) -> None:
    events, flow = make_events(300, 11, 7, 10_000), np.random.default_rng(2).normal(0, 400, (2, 7, 11))
    x, y = warp_events(events, flow, 4000)
    u, v = flow[:, events["y"], events["x"]]
    ahead = (4000 - events["t"]) * 1e-6
    np.testing.assert_allclose(x, events["x"] + ahead * u, atol=1e-12)
    np.testing.assert_allclose(y, events["y"] + ahead * v, atol=1e-12)
    image = image_of_warped_events(events, flow, 4000, weights=2.0 * events["p"] - 1)
    np.testing.assert_allclose(image, slow_splat(x, y, (7, 11), 2.0 * events["p"] - 1), atol=1e-11)


def test_a_walk_along_the_field_follows_a_rotation(make_events: MakeEvents) -> None:
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
def test_a_walk_through_time_bins_takes_each_for_its_time(make_events: MakeEvents, t_ref: int) -> None:
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
