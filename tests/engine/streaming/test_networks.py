"""The networks of the product, whole: outputs and the gradients of all parameters in double precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wholefield.kernels import threads, winograd
from wholefield.networks import resnet18, resnet50, small_cnn, split_resnet
from wholefield.networks.normalization import batch_norms, freeze_normalization
from wholefield.streaming import Streamed


def with_random_statistics(network: nn.Module) -> nn.Module:
    """Frozen batch norms whose numbers are not the harmless ones of a fresh network."""
    norm: Any
    for norm in batch_norms(network):
        norm.running_mean.normal_(0, 0.3)
        norm.running_var.uniform_(0.5, 2.0)
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, std=0.3)
    return freeze_normalization(network).double()


@pytest.mark.parametrize("tile", [64, 96, 256])
def test_small_cnn(tile: int, exact: Callable[..., None]) -> None:
    network = with_random_statistics(small_cnn(3, 2).features)
    exact(network, torch.randn(2, 3, 197, 231, dtype=torch.float64), tile, smallest_block=16)


@pytest.mark.parametrize(("tile", "smallest_block"), [(64, 16), (96, 1), (256, 16), ((50, 231), 4)])
def test_resnet18(tile: int, smallest_block: int, exact: Callable[..., None]) -> None:
    network, _ = split_resnet(resnet18())
    image = torch.randn(1, 3, 197, 231, dtype=torch.float64)
    exact(with_random_statistics(network), image, tile, smallest_block=smallest_block)


@pytest.mark.parametrize(("size", "tile"), [((133, 171), 64), ((131, 101), 96), ((101, 259), 256)])
def test_resnet50(size: tuple[int, int], tile: int, exact: Callable[..., None]) -> None:
    network, _ = split_resnet(resnet50())
    image = torch.randn(1, 3, *size, dtype=torch.float64)
    exact(with_random_statistics(network), image, tile, smallest_block=16)


@pytest.mark.parametrize("build", [small_cnn, resnet18, resnet50])
@pytest.mark.parametrize("keep_budget", [0, 10**9])
def test_with_every_3x3_convolution_by_winograd(
    build: Callable[..., nn.Module],
    keep_budget: int,
    exact: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "LEAST_PART", 1)
    for limit in ("LEAST_CHANNELS", "LEAST_POSITIONS", "LEAST_VALUES"):
        monkeypatch.setattr(winograd, limit, 1)
    used: list[str] = []
    convolve, gradients = winograd.convolve, winograd.gradients

    def noted_convolve(*args: Any) -> Tensor:
        used.append("forward")
        return convolve(*args)

    def noted_gradients(*args: Any) -> Any:
        used.append("backward")
        return gradients(*args)

    monkeypatch.setattr(winograd, "convolve", noted_convolve)
    monkeypatch.setattr(winograd, "gradients", noted_gradients)
    whole: Any = build()
    network = whole.features if build is small_cnn else split_resnet(whole)[0]
    image = torch.randn(2, 3, 101, 87, dtype=torch.float64)
    exact(with_random_statistics(network), image, 40, smallest_block=4, keep_budget=keep_budget)
    assert set(used) == {"forward", "backward"}


def test_a_whole_classifier_streams_with_its_pooling() -> None:
    network = with_random_statistics(resnet18(num_classes=3))
    x = torch.rand(1, 3, 65, 71, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(network, 32)(x), network(x), rtol=1e-12, atol=1e-12)
