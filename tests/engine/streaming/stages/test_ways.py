"""The ways a network of several stages is used: autocast, sinks, lazily read images, visits of tiles, cancelling."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wholefield.streaming import Streamed, Sweep, TileVisit
from wholefield.streaming.geometry.spans import Spans

TILES = 4 * 6


class Lazy:
    """A tensor as an image that is read box by box."""

    def __init__(self, image: Tensor) -> None:
        self.image = image
        self.shape, self.dtype, self.device = image.shape, image.dtype, image.device
        self.reads = 0

    def read(self, spans: Spans) -> Tensor:
        self.reads += 1
        rows, columns = spans
        return self.image[..., slice(*rows), slice(*columns)]


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4, affine=True), nn.ReLU(),
        nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.GroupNorm(2, 4), nn.Conv2d(4, 2, 1),
    ).eval()  # fmt: skip


@pytest.fixture
def image() -> Tensor:
    return torch.randn(1, 3, 61, 83)


def test_autocast(network: nn.Module, image: Tensor) -> None:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found, wanted = Streamed(network, 16)(image), network(image)
    assert found.dtype == wanted.dtype == torch.bfloat16
    # A rounding of the other way moves a value by one place of bfloat16.
    torch.testing.assert_close(found, wanted, rtol=2**-6, atol=2**-6)


def test_into_an_array(network: nn.Module, image: Tensor) -> None:
    network.double()
    wanted = network(image.double()).detach()
    array = np.zeros(wanted.shape)
    Streamed(network, 16).write(image.double(), array)
    torch.testing.assert_close(torch.from_numpy(array), wanted, rtol=0, atol=1e-12)


def test_a_lazily_read_image_is_read_by_the_first_stage_alone(network: nn.Module, image: Tensor) -> None:
    lazy = Lazy(image.double())
    with torch.no_grad():
        found = Streamed(network.double(), 16)(lazy)
        torch.testing.assert_close(found, network(image.double()), rtol=0, atol=1e-12)
    assert lazy.reads == TILES


def test_every_stage_visits_every_tile_and_any_visit_can_cancel(network: nn.Module, image: Tensor) -> None:
    visits: list[TileVisit] = []
    with torch.no_grad():
        Streamed(network, 16, on_tile=visits.append)(image)
    assert len(visits) == 3 * TILES

    def cancel(visit: TileVisit) -> None:
        visits.append(visit)
        if len(visits) == 3 * TILES + TILES + 7:
            raise KeyboardInterrupt

    with torch.no_grad(), pytest.raises(KeyboardInterrupt):
        Streamed(network, 16, on_tile=cancel)(image)
    assert len(visits) == 3 * TILES + TILES + 7


def test_small_spread_far_from_zero_is_no_worse_than_in_one_piece() -> None:
    norm = nn.InstanceNorm2d(2)
    image = 1e4 + 0.01 * torch.randn(1, 2, 200, 200)
    exact = norm(image.double())
    streamed, plain = (
        (found.double() - exact).abs().max() for found in (Streamed(norm, 32)(image), norm(image))
    )
    assert streamed <= plain


def test_visits_tell_how_far_the_pass_is_over_all_stages(network: nn.Module, image: Tensor) -> None:
    visits: list[TileVisit] = []
    Streamed(network, 16, on_tile=visits.append)(image).sum().backward()
    for sweep in Sweep:
        own = [visit for visit in visits if visit.sweep is sweep]
        done = [visit.done for visit in own]
        assert done == sorted(done)
        assert done[0] == 0
        assert 0.8 < done[-1] < 1
        assert {visit.tiles for visit in own} == {len(own)}
        order = [visit.stage for visit in own]
        assert order == sorted(order, reverse=sweep is Sweep.REVERSE)
        assert set(order) == set(range(own[0].stages)) == {0, 1, 2}
