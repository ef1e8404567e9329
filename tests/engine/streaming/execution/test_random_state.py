"""Random layers: the reverse sweep must draw what the forward drew, or the gradients belong to another network."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parts import part
from wholefield.streaming import Streamed, TileVisit


class Branches(nn.Module):
    """Two random branches, one behind a long path, and two results."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.second = nn.Conv2d(2, 2, 3, padding=1, stride=2, bias=False)
        self.drop = nn.Dropout(0.4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left = self.drop(self.first(self.drop(x)))
        right = self.drop(self.second(self.drop(self.first(x))))
        return left, right


class StochasticDepth(nn.Module):
    """A residual branch that is dropped for whole images."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Conv2d(2, 2, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        noise = torch.empty((x.shape[0], *[1] * (x.ndim - 1)), dtype=x.dtype, device=x.device)
        noise = noise.bernoulli_(0.5)
        noise.div_(0.5)
        return x + self.branch(x) * noise


class Noise(nn.Module):
    """Noise made in several ways."""

    def __init__(self) -> None:
        super().__init__()
        self.blur = nn.Conv2d(2, 2, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blur(x * torch.rand_like(x))
        x = self.blur(x * torch.empty_like(x).uniform_(0.5, 1.5))
        return self.blur(x * torch.randn_like(x))


def conv(**options: Any) -> nn.Module:
    return nn.Conv2d(2, 2, 3, padding=1, bias=False, **options)


LINEAR: dict[str, Callable[[], nn.Module]] = {
    "dropout": lambda: nn.Sequential(conv(), nn.Dropout(0.3), conv(), nn.Dropout(0.5), conv()),
    "dropout in place": lambda: nn.Sequential(conv(), nn.Dropout(0.3, inplace=True), conv()),
    "channel dropout": lambda: nn.Sequential(conv(), nn.Dropout2d(0.5), conv(), nn.Dropout2d(0.5, inplace=True)),
    "stochastic depth": lambda: nn.Sequential(StochasticDepth(), StochasticDepth()),
    "leaky slopes": lambda: nn.Sequential(conv(), nn.RReLU(0.1, 0.9), conv()),
    "noise": Noise,
    "deep": lambda: nn.Sequential(
        conv(), nn.Dropout(), nn.MaxPool2d(2), conv(), nn.Dropout(), conv(stride=2), nn.Dropout(), conv()
    ),
}  # fmt: skip


@pytest.mark.parametrize("smallest_block", [1, 16])
@pytest.mark.parametrize("name", LINEAR)
def test_the_reverse_sweep_draws_the_same_numbers(name: str, smallest_block: int) -> None:
    """Networks that are homogeneous of degree one: by Euler's theorem <x, dy/dx> = y, with one and the same draw."""
    network = LINEAR[name]().double()
    x = torch.randn(3, 2, 21, 26, dtype=torch.float64, requires_grad=True)
    y = Streamed(network, (5, 8), smallest_block=smallest_block)(x)
    weights = torch.randn_like(y)
    value = (y * weights).sum()
    value.backward()
    assert x.grad is not None
    assert value.item() != 0
    assert (x * x.grad).sum().item() == pytest.approx(value.item(), rel=1e-11)


def test_draws_are_replayed_where_only_one_result_counts() -> None:
    network = Branches().double()
    for chosen in range(2):
        x = torch.randn(1, 2, 21, 26, dtype=torch.float64, requires_grad=True)
        y = Streamed(network, 5, smallest_block=1)(x)[chosen]
        value = (y * torch.randn_like(y)).sum()
        value.backward()
        assert x.grad is not None
        assert (x * x.grad).sum().item() == pytest.approx(value.item(), rel=1e-11)


def test_gradients_of_weights_belong_to_the_same_draw() -> None:
    network = nn.Sequential(conv(), nn.Dropout(0.5), nn.Dropout2d(0.5)).double()
    x = torch.randn(1, 2, 21, 26, dtype=torch.float64)
    y = Streamed(network, 5)(x)
    value = (y * torch.randn_like(y)).sum()
    value.backward()
    weight = part(network, "0.weight")
    assert weight.grad is not None
    assert (weight * weight.grad).sum().item() == pytest.approx(value.item(), rel=1e-11)


@pytest.mark.parametrize("name", LINEAR)
def test_one_tile_draws_what_the_plain_network_draws(name: str) -> None:
    network = LINEAR[name]().double()
    x = torch.randn(2, 2, 13, 14, dtype=torch.float64)
    torch.manual_seed(3)
    expected = network(x)
    torch.manual_seed(3)
    assert torch.allclose(Streamed(network, 64)(x), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "layer", [nn.Dropout2d(0.5), nn.FeatureAlphaDropout(0.5), nn.AlphaDropout(0.5), nn.Dropout(0.3)]
)
def test_one_tile_of_any_dropout_is_that_of_torch(layer: nn.Module) -> None:
    x = torch.randn(4, 6, 5, 7, dtype=torch.float64)
    for training in (True, False):
        layer.train(training)
        torch.manual_seed(3)
        expected = layer(x)
        torch.manual_seed(3)
        assert torch.allclose(Streamed(layer, 64)(x), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_dropping_nothing_or_everything(kind: type[nn.Module], probability: float) -> None:
    x = torch.ones(1, 2, 9, 9)
    assert torch.equal(Streamed(kind(probability), 4)(x), x * (1 - probability))


def test_dropout_drops_as_often_as_it_says_and_in_every_tile_anew() -> None:
    x = torch.ones(1, 1, 256, 256, dtype=torch.float64)
    kept = Streamed(nn.Dropout(0.25), 64)(x)
    assert set(kept.unique().tolist()) == {0.0, 1 / 0.75}
    fraction = (kept > 0).double().mean().item()
    # Five standard deviations of a mean of 65,536 draws.
    assert abs(fraction - 0.75) < 5 * (0.75 * 0.25 / 65536) ** 0.5
    tiles = [kept[..., y : y + 64, x : x + 64] for y in range(0, 256, 64) for x in range(0, 256, 64)]
    assert not any(torch.equal(tiles[0], tile) for tile in tiles[1:])


def test_channel_dropout_is_one_number_per_channel_whatever_the_tiles() -> None:
    x = torch.rand(8, 64, 20, 30) + 0.5
    dropped = Streamed(nn.Dropout2d(0.4), (7, 11))(x) / x
    flat = dropped.flatten(2)
    assert torch.allclose(flat, flat[..., :1].expand_as(flat))
    assert abs((flat[..., 0] > 0).double().mean().item() - 0.6) < 5 * (0.6 * 0.4 / 512) ** 0.5


def test_every_forward_draws_anew() -> None:
    streamed = Streamed(nn.Sequential(nn.Dropout(), nn.Dropout2d()), 8)
    x = torch.ones(1, 8, 20, 20)
    assert not torch.equal(streamed(x), streamed(x))


def test_the_reverse_sweep_leaves_the_generator_as_it_was() -> None:
    network = nn.Sequential(conv(), nn.Dropout())
    y = Streamed(network, 4)(torch.randn(1, 2, 9, 9))
    before = torch.get_rng_state()
    y.sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


def test_tracing_draws_nothing() -> None:
    """A network without random layers leaves the generator alone; constants made at random are drawn once."""

    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * torch.rand(x.shape[1], 1, 1)

    torch.manual_seed(1)
    expected = torch.rand(3, 1, 1).expand(3, 9, 9)
    torch.manual_seed(1)
    found = Streamed(Masked(), 4)(torch.ones(1, 3, 9, 9))
    assert torch.equal(found[0], expected)
    network = conv()
    before = torch.get_rng_state()
    Streamed(network, 4)(torch.ones(1, 2, 9, 9))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_generator_of_the_network_is_used() -> None:
    class Seeded(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            source = torch.Generator().manual_seed(7)
            return x * torch.rand(x.shape[1], 1, 1, generator=source)

    x = torch.ones(1, 3, 9, 9)
    assert torch.equal(Streamed(Seeded(), 4)(x), Seeded()(x))


def test_random_numbers_drawn_by_the_progress_callback_do_no_harm() -> None:
    network = nn.Sequential(conv(), nn.Dropout(0.5), conv()).double()
    x = torch.randn(1, 2, 21, 26, dtype=torch.float64, requires_grad=True)

    def draw(visit: TileVisit) -> None:
        torch.rand(visit.index[0] + 1)

    y = Streamed(network, 6, on_tile=draw)(x)
    value = (y * torch.randn_like(y)).sum()
    value.backward()
    assert x.grad is not None
    assert (x * x.grad).sum().item() == pytest.approx(value.item(), rel=1e-11)


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = torch.randn(1, 1, 256, 256, dtype=torch.float64)
    for layer in (nn.AlphaDropout(0.2), nn.FeatureAlphaDropout(0.2)):
        shape = (1, 1, 256, 256) if isinstance(layer, nn.AlphaDropout) else (256, 256, 1, 1)
        y = Streamed(layer, 50)(x.reshape(shape))
        assert abs(y.mean().item()) < 0.03
        assert abs(y.std().item() - 1) < 0.03


def test_dropout_in_evaluation_does_nothing() -> None:
    x = torch.randn(1, 3, 9, 9)
    layers = nn.Sequential(nn.Dropout(), nn.Dropout2d(), nn.AlphaDropout(), nn.FeatureAlphaDropout()).eval()
    assert torch.equal(Streamed(layers, 4)(x), x)
