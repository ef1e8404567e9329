"""The same on a CUDA device: values, gradients, random numbers and mixed precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from wholefield.networks import resnet18, split_resnet
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming import Streamed

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def backbone() -> nn.Module:
    network, _ = split_resnet(resnet18())
    return freeze_normalization(network).cuda()


def test_outputs_and_gradients_in_double_precision(exact: Callable[..., None]) -> None:
    image = torch.randn(1, 3, 197, 231, dtype=torch.float64, device="cuda")
    exact(backbone().double(), image, 64, 96, 256, smallest_block=16)


def test_constants_are_made_on_the_device(exact: Callable[..., None]) -> None:
    class Shifted(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            ramp = torch.linspace(0, 1, x.shape[1], dtype=x.dtype, device=x.device)
            return x * ramp[:, None, None] + x.new_ones(1, x.shape[1], 1, 1)

    network = nn.Sequential(Shifted(), nn.Conv2d(2, 3, 3, padding=1)).double().cuda()
    exact(network, torch.randn(1, 2, 21, 26, dtype=torch.float64, device="cuda"), 5)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_reverse_sweep_draws_the_same_numbers(weighted: bool) -> None:
    layers = [nn.Conv2d(2, 2, 3, padding=1, bias=False)] * weighted + [nn.Dropout(0.4), nn.Dropout2d(0.3)]
    network = nn.Sequential(*layers).double().cuda()
    x = torch.randn(3, 2, 21, 26, dtype=torch.float64, device="cuda", requires_grad=True)
    y = Streamed(network, 5)(x)
    value = (y * torch.randn_like(y)).sum()
    value.backward()
    assert x.grad is not None
    assert (x * x.grad).sum().item() == pytest.approx(value.item(), rel=1e-11)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mixed_precision_is_as_precise_as_on_the_plain_network(dtype: torch.dtype) -> None:
    network = backbone()
    x = torch.randn(1, 3, 193, 225, device="cuda")

    def gradients(module: nn.Module, **autocast: Any) -> list[torch.Tensor]:
        network.zero_grad(set_to_none=True)
        with torch.autocast("cuda", **autocast):
            y = module(x)
        y.float().square().mean().backward()
        return [p.grad.double() for p in network.parameters() if p.grad is not None]

    truth = gradients(network, enabled=False)
    plain = gradients(network, dtype=dtype)
    streamed = gradients(Streamed(network, 64), dtype=dtype)
    for found, other, true in zip(streamed, plain, truth, strict=True):
        error, usual = ((g - true).norm() / true.norm() for g in (found, other))
        assert error <= 2 * usual + 1e-2
