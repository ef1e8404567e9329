"""Exported and symbolically traced programs, functional calls, functions with their own backward, and sentences."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from tests.engine.streaming.layers import Apply, between, image
from tests.there import there
from wholefield.streaming import Streamed, StreamingError
from wholefield.streaming.operations import local_function


def network() -> nn.Module:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(4, 4, 3, 2),
        Apply(lambda x: functional.layer_norm(x[:, :, 1:].movedim(1, -1), (4,)).movedim(-1, 1)),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2d(4, 3, 3, padding=1),
    )
    return net.double().eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("decomposed", [False, True])
def test_exported_programs(
    decomposed: bool, exact: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    program: Any = torch.export.export(network(), (image(),))
    program = program.run_decompositions() if decomposed else program
    exact(program.module(), image(), 5, (7, 4))
    x = image() * 0 + 1
    assert torch.allclose(Streamed(program, 5)(x), program.module()(x), atol=1e-12)


def test_symbolically_traced_modules(exact: Callable[..., None]) -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.GELU(), nn.Conv2d(4, 3, 3)).double()
    exact(fx.symbolic_trace(net), image(), 5)


def test_functional_calls() -> None:
    net = network()
    other = {name: 2 * p.detach() for name, p in net.named_parameters()}
    streamed = Streamed(net, 5)
    found = functional_call(streamed, {f"network.{name}": p for name, p in other.items()}, (image() * 0 + 1,))
    assert torch.allclose(found, functional_call(net, other, (image() * 0 + 1,)), rtol=1e-12, atol=1e-12)


@local_function
class Scaled(torch.autograd.Function):
    """A layer norm over channels with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return x * x * weight.view(1, -1, 1, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        return 2 * x * weight.view(1, -1, 1, 1) * grads[0], (grads[0] * x * x).sum((0, 2, 3))


def test_a_declared_function_with_a_backward_of_its_own(exact: Callable[..., None]) -> None:
    layer = Apply(lambda x, norm: Scaled.apply(x, norm.weight), nn.LayerNorm(4))
    exact(between(layer, 2), image(), 1, 5)


def test_second_derivatives_are_refused() -> None:
    x = image().requires_grad_()
    with pytest.raises(StreamingError, match="first derivatives only"):
        torch.autograd.grad(Streamed(network(), 5)(x).square().sum(), x, create_graph=True)


def test_transforms_are_refused() -> None:
    streamed = Streamed(network(), 5)
    with pytest.raises(StreamingError, match="Use backward"):
        grad(lambda x: streamed(x).sum())(image())
    with pytest.raises(StreamingError, match="a batch instead of vmap"):
        vmap(lambda x: streamed(x[None]))(image())


@pytest.mark.parametrize("given", [(image(), image()), [image()], None])
def test_what_is_no_image(given: Any) -> None:
    with pytest.raises(StreamingError, match=r"takes one image .* not a (tuple|list|NoneType)\. Join"):
        Streamed(network(), 5)(given)


def test_an_empty_batch() -> None:
    with pytest.raises(StreamingError, match="holds no image"):
        Streamed(network(), 5)(image()[:0])


class _InTorchsOrder(nn.Module):
    """A normalization whose arguments come in the order of torch, not of its namesake in torch.nn.functional."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.function = function
        for values in (self.norm.weight, self.norm.bias, self.norm.running_mean, self.norm.running_var):
            nn.init.uniform_(there(values), 0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        whole = self.function is torch.instance_norm
        return self.function(
            x, norm.weight, norm.bias, norm.running_mean, norm.running_var, whole, 0.1, 1e-5, False
        )


@pytest.mark.parametrize("function", [torch.batch_norm, torch.instance_norm])
def test_functions_of_torch_in_their_own_order(function: Callable[..., Tensor]) -> None:
    network = _InTorchsOrder(function).double().eval()
    x = torch.randn(2, 3, 13, 11, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(network, 5)(x), network(x), rtol=0, atol=1e-12)
