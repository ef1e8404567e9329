"""Automatic mixed precision around, inside and off in a streamed network; scaled losses."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from tests.engine.streaming.layers import small
from tests.parts import gradient, part
from wholefield.streaming import Streamed


def image(**options: Any) -> Tensor:
    return torch.randn(1, 2, 21, 34, **options)


def gradients_of(module: nn.Module, x: Tensor, weights: Tensor) -> list[Tensor]:
    module.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = module(x)
    (y.float() * weights).sum().backward()
    return [y.detach(), *(p.grad for p in module.parameters() if p.grad is not None)]


def test_autocast_is_as_precise_as_on_the_plain_network() -> None:
    """Both round to bfloat16; the error against double precision must be alike, not the rounding."""
    network = nn.Sequential(
        small(8), nn.GELU(), nn.Conv2d(3, 16, 3, padding=1), nn.GELU(), nn.Conv2d(16, 4, 3, padding=1)
    )
    x = torch.randn(2, 2, 61, 70)
    shape = network(x).shape
    weights = torch.randn(shape)
    true = copy.deepcopy(network).double()
    exact_y = true(x.double())
    (exact_y * weights.double()).sum().backward()
    truth = [exact_y.detach(), *(p.grad for p in true.parameters() if p.grad is not None)]
    plain = gradients_of(network, x, weights)
    streamed = gradients_of(Streamed(network, 16), x, weights)
    assert streamed[0].dtype == plain[0].dtype == torch.bfloat16
    for one, other, value in zip(streamed, plain, truth, strict=True):
        scale = value.abs().max()
        assert one.dtype == other.dtype
        error, plain_error = ((found.double() - value).norm() / value.norm() for found in (one, other))
        assert plain_error > 1e-5, "autocast was not on"
        assert error <= 2 * plain_error + 1e-3, (error, plain_error, scale)


class WithoutAutocast(nn.Module):
    """Computes a part in full precision although autocast is on."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = self.first(x)
        with torch.autocast("cpu", enabled=False):
            high = self.second(low.float())
        return low, high


def test_autocast_turned_off_inside_the_network() -> None:
    network, x = WithoutAutocast(), image()
    with torch.autocast("cpu", torch.bfloat16):
        expected = network(x)
        found = Streamed(network, 8)(x)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert torch.allclose(one, other, rtol=0, atol=2e-2)
    assert found[1].dtype == torch.float32
    found[1].sum().backward()
    assert network.second.weight.grad is not None
    assert network.second.weight.grad.dtype == torch.float32


def test_autocast_begun_inside_the_network() -> None:
    class Low(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return self.conv(x)

    network, x = Low(), image()
    found = Streamed(network, 8)(x)
    assert found.dtype == network(x).dtype == torch.bfloat16
    assert torch.allclose(found, network(x), atol=3e-2)


def test_gradient_scaling() -> None:
    network = small()
    x = image()
    network(x).square().mean().backward()
    expected = [gradient(p).clone() for p in network.parameters()]
    network.zero_grad()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    scaler.scale(Streamed(network, 8)(x).square().mean()).backward()
    assert part(network, "0.weight").grad is not None
    assert torch.allclose(part(network, "0.weight").grad, 1024 * expected[0], rtol=1e-3, atol=1e-2)
    scaler.unscale_(optimizer)
    for parameter, grad in zip(network.parameters(), expected, strict=True):
        assert torch.allclose(gradient(parameter), grad, rtol=1e-4, atol=1e-6)
    scaler.step(optimizer)
    scaler.update()
