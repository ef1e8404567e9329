"""Grad-CAM and integrated gradients of streamed networks beside plain autograd in double precision."""

import pytest
import torch
from torch import Tensor, nn

from wholefield.streaming import (
    AttentionPool,
    MeanPool,
    Reduction,
    Streamed,
    StreamingError,
    grad_cam,
    integrated_gradients,
)


class Block(nn.Module):
    """A network with a branch and a layer inside of another."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Sequential(
            nn.Conv2d(2, 5, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(5, 5, 3, padding=1)
        )
        self.last = nn.Conv2d(5, 4, 3)
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        result: Tensor = self.last(nn.functional.relu(y) + y)
        return result


def image(height: int = 37, width: int = 29) -> Tensor:
    return torch.randn(1, 2, height, width, dtype=torch.double, generator=torch.Generator().manual_seed(2))


def score(pooled: Tensor) -> Tensor:
    return pooled[0, 1] * pooled[0, 2]


def plain_cam(network: nn.Module, layer: str, pool: Reduction, x: Tensor) -> Tensor:
    kept: list[Tensor] = []
    handle = network.get_submodule(layer).register_forward_hook(lambda module, args, out: kept.append(out))
    value = score(pool(network(x)))
    handle.remove()
    (grad,) = torch.autograd.grad(value, kept[0])
    weights = grad.mean((2, 3), keepdim=True)
    return (weights * kept[0]).sum(1, keepdim=True).relu().detach()


@pytest.mark.parametrize("tile", [7, 16, 64])
@pytest.mark.parametrize("layer", ["body.0", "body", "last"])
@pytest.mark.parametrize("pool", [MeanPool(), AttentionPool(4, 3).double()], ids=["mean", "attention"])
def test_grad_cam_is_that_of_the_whole(pool: Reduction, layer: str, tile: int) -> None:
    network, x = Block(), image()
    found = grad_cam(Streamed(network, tile, reduction=pool), layer, x, score)
    expected = plain_cam(network, layer, pool, x)
    assert expected.max() > 0
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


def test_the_network_stays_as_it_is() -> None:
    network = Block()
    modules, streamed = dict(network.named_modules()), Streamed(network, 16, reduction=MeanPool())
    grad_cam(streamed, "body.1", image(), score)
    assert dict(network.named_modules()) == modules
    assert streamed.network is network
    assert streamed.reduction is not None
    assert all(p.requires_grad and p.grad is None for p in network.parameters())


class Boxes:
    """An image that is read box by box."""

    def __init__(self, pixels: Tensor) -> None:
        self.pixels = pixels
        self.shape, self.dtype, self.device = pixels.shape, pixels.dtype, pixels.device

    def read(self, spans: tuple[tuple[int, int], ...]) -> Tensor:
        (top, bottom), (left, right) = spans
        return self.pixels[:, :, top:bottom, left:right].clone()


def test_an_image_that_is_read_box_by_box() -> None:
    network, pool, x = Block(), MeanPool(), image()
    found = grad_cam(Streamed(network, 16, reduction=pool), "body.2", Boxes(x), score)
    torch.testing.assert_close(found, plain_cam(network, "body.2", pool, x), rtol=1e-12, atol=1e-14)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.unused = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.act(self.act(x) - 1)
        return result


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [("act", "computed 2 times"), ("unused", "computed 0 times"), ("b", "no layer 'b'"), ("", "no layer")],
)
def test_layers_that_cannot_be(layer: str, sentence: str) -> None:
    streamed = Streamed(Twice(), 8, reduction=MeanPool())
    with pytest.raises(StreamingError, match=sentence):
        grad_cam(streamed, layer, image(), score)
    assert isinstance(streamed.network.get_submodule("act"), nn.ReLU)


def test_integrated_gradients_are_those_of_the_whole() -> None:
    network, pool, x, base = Block(), MeanPool(), image(), image() * 0.1
    found = integrated_gradients(Streamed(network, 16, reduction=pool), x, score, baseline=base, steps=5)
    total = torch.zeros_like(x)
    for k in range(5):
        point = (base + (x - base) * (k + 0.5) / 5).requires_grad_()
        total += torch.autograd.grad(score(pool(network(point))), point)[0]
    torch.testing.assert_close(found, (x - base) * total / 5, rtol=1e-12, atol=1e-14)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_integrated_gradients_add_up_and_report() -> None:
    streamed, x = Streamed(Block(), 16, reduction=MeanPool()), image(20, 18)
    steps: list[tuple[int, int]] = []
    found = integrated_gradients(
        streamed, x, score, steps=40, progress=lambda done, total: steps.append((done, total))
    )
    with torch.no_grad():
        expected = score(streamed(x)) - score(streamed(torch.zeros_like(x)))
    assert float(found.sum()) == pytest.approx(float(expected), rel=1e-3)
    assert steps[-1] == (40, 40)
