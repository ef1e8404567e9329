"""The seam meter: tiling and blending beside references written out by hand, and streaming without a seam."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wholefield.errors import WholefieldError
from wholefield.streaming import StreamingError
from wholefield.streaming.seams import blended_windows, compare, plain_tiles, streamed_way


def image(*shape: int) -> Tensor:
    return torch.randn(1, 2, *shape, dtype=torch.double, generator=torch.Generator().manual_seed(1))


def network() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(2, 4, 5, padding=2), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1)).double()


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


@torch.no_grad()
def test_tiles_with_enough_context_have_no_seams_and_others_have() -> None:
    net, x = network(), image(33, 27)
    whole = net(x)
    torch.testing.assert_close(plain_tiles(net, x, (8, 10), pad=3), whole, rtol=1e-12, atol=1e-12)
    off = (plain_tiles(net, x, (8, 10), pad=0) - whole).abs().amax(1)[0]
    # Pixels further than the reach of three from a border between tiles are right.
    assert off[3:5, 3:7].max() < 1e-12
    assert off[8].max() > 1e-2


@pytest.mark.parametrize("axes", [1, 2, 3])
@torch.no_grad()
def test_what_acts_on_pixels_alone_has_no_seams(axes: int) -> None:
    x = image(*(21, 9, 7)[:axes])
    for found in (
        plain_tiles(nn.Tanh(), x, (4, 3, 5)[:axes], pad=1),
        blended_windows(nn.Tanh(), x, (6, 50, 4)[:axes], overlap=0.5),
    ):
        torch.testing.assert_close(found, x.tanh(), rtol=1e-12, atol=1e-12)


@torch.no_grad()
def test_results_of_another_resolution_are_put_in_their_place() -> None:
    x = image(13, 8)
    for found in (
        plain_tiles(Doubled(), x, (5, 3), pad=2),
        blended_windows(Doubled(), x, (4, 6), overlap=0.25),
    ):
        torch.testing.assert_close(found, Doubled()(x), rtol=1e-12, atol=1e-12)


class Numbered(nn.Module):
    """Gives the number of the call, which shows how windows are blended."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return torch.full_like(x, float(self.calls))


def blended_by_hand(length: int, starts: Sequence[int], size: int) -> list[float]:
    weights = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / (0.125 * size)) ** 2).clip(1e-3)
    total, count = np.zeros(length), np.zeros(length)
    for number, start in enumerate(starts, 1):
        total[start : start + size] += number * weights
        count[start : start + size] += weights
    return (total / count).tolist()


@pytest.mark.parametrize(("multiple", "starts"), [(1, [0, 6, 12, 13]), (4, [0, 4, 8, 12, 13])])
def test_windows_are_blended_with_gaussian_weights(multiple: int, starts: list[int]) -> None:
    found = blended_windows(Numbered(), torch.zeros(1, 1, 21, dtype=torch.double), (8,), 0.25, multiple)
    np.testing.assert_allclose(found[0, 0], blended_by_hand(21, starts, 8), rtol=1e-12)


def test_differences_are_counted() -> None:
    net, x = network(), image(24, 24)
    tiled, streamed = compare(
        net,
        x,
        {"tiled": lambda network, x: plain_tiles(network, x, (8, 8), 0), "streamed": streamed_way((8, 8))},
        tolerance=0.01,
        finish=lambda result: result.softmax(1),
    )
    with torch.no_grad():
        expected = (plain_tiles(net, x, (8, 8), 0).softmax(1) - net(x).softmax(1)).abs().amax(1)[0].numpy()
    np.testing.assert_allclose(tiled.map, expected, rtol=1e-6)
    assert tiled.maximum == pytest.approx(expected.max())
    assert tiled.share == (expected > 0.01).mean() > 0.1
    assert streamed.maximum < 1e-12
    assert streamed.share == 0
    for each in (tiled, streamed):
        assert each.counts.sum() == 24 * 24
        assert len(each.edges) == len(each.counts) + 1
    assert streamed.counts[0] == 24 * 24


def test_progress_is_told_and_may_cancel() -> None:
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        steps.append((done, total))
        if 4 * done >= 3 * total:
            raise WholefieldError("enough")

    x = image(8, 8)
    parts = [(1, 4), (2, 4), (3, 4)]
    # A streamed pass tells what part is done before each of its tiles, in thousandths.
    thousandths = [(0, 1000), (250, 1000), (500, 1000), (750, 1000)]
    for way, expected in (
        (lambda: plain_tiles(nn.Tanh(), x, (4, 4), 0, progress), parts),
        (lambda: blended_windows(nn.Tanh(), x, (4, 4), 0.0, 1, progress), parts),
        (lambda: streamed_way((4, 4), progress)(nn.Tanh(), x), thousandths),
    ):
        steps.clear()
        with pytest.raises(WholefieldError, match="enough"):
            way()
        assert steps == expected


def test_a_way_that_changes_the_size_is_refused() -> None:
    with pytest.raises(StreamingError, match="Choose tiles of a multiple"):
        compare(nn.Tanh(), image(8, 8), {"cut": lambda network, x: x[..., 1:]}, 0.1)
