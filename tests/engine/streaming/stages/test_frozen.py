"""Frozen statistics: measured on regions as on one image, kept with the network, and constants from then on."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from tests.engine.streaming.layers import image
from tests.engine.streaming.stages.networks import LAYERS
from wholefield.streaming import Streamed, StreamingError, TileVisit


class Constant(nn.Module):
    """An instance or batch norm whose statistics are given."""

    def __init__(self, norm: nn.Module, mean: Tensor, variance: Tensor) -> None:
        super().__init__()
        self.norm, self.mean, self.variance = norm, mean, variance

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.batch_norm(x, self.mean, self.variance, self.norm.weight, self.norm.bias)  # type: ignore[arg-type]


@pytest.fixture
def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.InstanceNorm2d(4, affine=True), nn.ReLU(),
        nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.InstanceNorm2d(4, affine=True), nn.Conv2d(4, 2, 1),
    ).double()  # fmt: skip


def with_constants(network: nn.Sequential, regions: list[Tensor]) -> nn.Module:
    """The network with the statistics of all regions together, found layer by layer."""
    layers: list[nn.Module] = []
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, nn.InstanceNorm2d):
                flat = torch.cat([region.flatten(2) for region in regions], 2)
                layer = Constant(layer, flat.mean((0, 2)), flat.var((0, 2), correction=0))
            layers.append(layer)
            regions = [layer(region) for region in regions]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("workers", [1, 3])
def test_regions_count_as_one_image(
    network: nn.Sequential, workers: int, project: Callable[..., object], same: Callable[..., None]
) -> None:
    torch.manual_seed(3)
    regions = [torch.randn(1, 2, 21, 13).double(), 1 + 2 * torch.randn(1, 2, 9, 30).double()]
    streamed = Streamed(network, 7, workers=workers, statistics="frozen")
    streamed.measure_statistics(regions)
    plain = with_constants(network, regions)
    x = image(batch=3)
    found, wanted = project(streamed, x), project(plain, x)
    named = {name.replace(".norm.", "."): grad for name, grad in wanted[1].items()}  # type: ignore[index]
    same(found, (wanted[0], named), 1e-12)  # type: ignore[index]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_of_the_whole_image_they_are_its_own(name: str, axes: int) -> None:
    network = nn.Sequential(LAYERS[name](axes)).double()
    if name.startswith("batch norm"):
        network.train()
    x = torch.randn(1, 4, *(17, 12, 9)[:axes]).double()
    visits: list[TileVisit] = []
    frozen = Streamed(network, 5, statistics="frozen", on_tile=visits.append)
    with torch.no_grad():
        frozen.measure_statistics(x)
        visits.clear()
        found = frozen(x)
        passes = len(visits) // len({visit.index for visit in visits})
        assert passes == 1
        torch.testing.assert_close(found, network(x), rtol=0, atol=1e-12)


def test_they_are_in_the_state_of_the_module(network: nn.Sequential) -> None:
    x = image()
    measured = Streamed(network, 8, statistics="frozen")
    measured.measure_statistics(x[..., :20])
    loaded = Streamed(deepcopy(network), 8, statistics="frozen")
    loaded.load_state_dict(measured.state_dict())
    assert torch.equal(loaded(x), measured(x))
    assert not torch.allclose(loaded(x), Streamed(network, 8)(x))


def test_a_state_without_them_is_as_before(network: nn.Sequential) -> None:
    assert list(Streamed(network, 8).state_dict()) == [f"network.{name}" for name in network.state_dict()]


def test_measuring_moves_no_running_statistics() -> None:
    network = nn.Sequential(nn.BatchNorm2d(2)).double().train()
    before = deepcopy(network.state_dict())
    Streamed(network, 8, statistics="frozen").measure_statistics([image(), image()])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_what_a_network_returns_of_the_whole_image_is_not_frozen() -> None:
    network = nn.Sequential(
        nn.InstanceNorm2d(2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)
    ).double()
    streamed = Streamed(network, 8, statistics="frozen")
    streamed.measure_statistics(image())
    assert len(streamed.frozen.values) == 1
    assert not torch.allclose(streamed(image()), streamed(3 + image() ** 2))


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (lambda streamed: streamed(image()), "not measured yet"),
        (lambda streamed: streamed.measure_statistics(image(batch=2)), "a batch of 2"),
        (lambda streamed: streamed.measure_statistics([]), "at least one"),
        (lambda streamed: (streamed.frozen.put([torch.zeros(1)]), streamed(image())), "of another network"),
    ],
)
def test_what_cannot_work_is_a_sentence(
    network: nn.Sequential, use: Callable[[Streamed], object], text: str
) -> None:
    streamed = Streamed(network, 8, statistics="frozen")
    with pytest.raises(StreamingError, match=text):
        use(streamed)


def test_a_local_network_has_nothing_to_freeze() -> None:
    streamed = Streamed(nn.Conv2d(2, 2, 3).double(), 8, statistics="frozen")
    assert streamed(image()).shape[1] == 2
    with pytest.raises(StreamingError, match="nothing to freeze"):
        streamed.measure_statistics(image())


def test_not_inside_another_streamed_network(network: nn.Sequential) -> None:
    inner = Streamed(network, 8, statistics="frozen")
    inner.measure_statistics(image())
    with pytest.raises(StreamingError, match="by itself"):
        Streamed(nn.Sequential(inner, nn.ReLU()), 8)(image())
