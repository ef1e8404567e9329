"""The networks of the list, streamed over images of odd sizes in float64: outputs and every gradient are exact."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from wholefield.networks import ResNet, resnet18, resnet34, resnet50, split_resnet
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming import Streamed

SIZE = (197, 231)
TILES: dict[Callable[[], ResNet], tuple[int, ...]] = {resnet18: (64,), resnet34: (256,), resnet50: (96,)}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def awake(network: ResNet) -> nn.Module:
    """The backbone with frozen statistics, scales and shifts that are not those of a fresh network."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_var is not None
            assert module.running_mean is not None
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.weight, 0.3, 0.8)
            nn.init.normal_(module.bias, std=0.1)
    return split_resnet(freeze_normalization(network.double()))[0]


def passed(module: nn.Module, image: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Output, the weights of a random projection of it, and the gradients of image and parameters."""
    leaf = image.clone().requires_grad_()
    output = module(leaf)
    weights = torch.randn_like(output) if weights is None else weights
    gradients = torch.autograd.grad((output * weights).sum(), [leaf, *module.parameters()])
    return output.detach(), weights, list(gradients)


@pytest.mark.parametrize("build", TILES, ids=lambda build: build.__name__)
def test_exact_at_any_tile_size(build: Callable[[], ResNet]) -> None:
    torch.manual_seed(11)
    network = awake(build())
    image = torch.randn(1, 3, *SIZE, dtype=torch.float64)
    wanted, weights, gradients = passed(network, image, None)
    for tile in TILES[build]:
        found, _, streamed = passed(Streamed(network, tile), image, weights)
        assert (found - wanted).abs().max() <= 1e-12 * wanted.abs().max()
        assert len(streamed) == len(gradients)
        for one, other in zip(streamed, gradients, strict=True):
            assert (one - other).abs().max() <= 1e-12 * other.abs().max()
