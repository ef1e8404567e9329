"""LightningStreamingModule around a StreamingModule: forward, backward, switches and a training of the user's own."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.compat.lightstream import LightningStreamingModule, StreamingCNN, StreamingModule


@pytest.fixture
def image() -> Tensor:
    return torch.randn(2, 3, 61, 45, dtype=torch.float64)


@pytest.fixture
def module(backbone: nn.Sequential) -> LightningStreamingModule:
    return LightningStreamingModule(StreamingModule(backbone, 24)).double()


def expected(backbone: nn.Sequential, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Output of the plain network, and gradients of the sum of its squares."""
    backbone.zero_grad()
    output = backbone(image)
    output.square().sum().backward()
    found = {name: p.grad.clone() for name, p in backbone.named_parameters() if p.grad is not None}
    backbone.zero_grad()
    return output.detach(), found


def test_forward_and_backward_are_those_of_the_plain_network(
    module: LightningStreamingModule,
    backbone: nn.Sequential,
    image: Tensor,
    same: Callable[..., None],
) -> None:
    wanted, gradients = expected(backbone, image)
    output = module(image)
    assert torch.allclose(output, wanted, rtol=1e-12, atol=1e-12)
    output.square().sum().backward()
    module.backward_streaming(image, output.grad)
    same({name: p.grad for name, p in backbone.named_parameters()}, gradients, 1e-12)


@pytest.mark.parametrize("name", ["disable_streaming", "disable_streaming_hooks"])
def test_without_streaming_the_numbers_stay(
    module: LightningStreamingModule,
    backbone: nn.Sequential,
    image: Tensor,
    same: Callable[..., None],
    name: str,
) -> None:
    wanted, gradients = expected(backbone, image)
    tiles: list[object] = []
    module.stream_network.on_tile = tiles.append
    getattr(module, name)()
    output = module(image)
    assert torch.allclose(output, wanted, rtol=1e-12, atol=1e-12)
    output.square().sum().backward()
    module.backward_streaming(image, None if name == "disable_streaming" else output.grad)
    same({key: p.grad for key, p in backbone.named_parameters()}, gradients, 1e-12)
    assert not tiles
    getattr(module, name.replace("disable", "enable"))()
    assert torch.allclose(module(image), wanted, rtol=1e-12, atol=1e-12)
    assert tiles


def test_it_takes_a_streaming_cnn_and_knows_its_tiles(backbone: nn.Sequential) -> None:
    module = LightningStreamingModule(StreamingCNN(backbone, (1, 3, 24, 17)))
    assert module.tile_size == (24, 17)
    module.tile_size = 48
    assert module.stream_network.tile_shape == (1, 3, 48, 48)
    assert module.configure_tile_stride() == 48
    assert module.stream_network.stream_module is backbone


def test_frozen_layers_stay_frozen_until_they_are_released(backbone: nn.Sequential, image: Tensor) -> None:
    module = LightningStreamingModule(StreamingModule(backbone, 24, False)).double()
    assert not module.train_streaming_layers
    assert not any(p.requires_grad for p in module.parameters())
    module.backward_streaming(image, torch.ones_like(module(image)))
    module.unfreeze_streaming_network()
    assert all(p.requires_grad for p in module.parameters())
    assert not backbone[1].training
    module.backward_streaming(image, torch.ones_like(module(image)))
    assert all(p.grad is not None for p in module.parameters())


class Trained(LightningStreamingModule):
    """As a script of the released version writes it: a head, a step and an optimizer of its own."""

    def __init__(self, streamed: StreamingModule, head: nn.Module) -> None:
        super().__init__(streamed)
        self.head = head
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        image, target = batch
        optimizer: Any = self.optimizers()
        optimizer.zero_grad()
        features = self(image)
        loss = functional.cross_entropy(self.head(features), target)
        self.manual_backward(loss)
        self.backward_streaming(image, features.grad)
        optimizer.step()
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.05)


@pytest.mark.filterwarnings("ignore:.*in eval mode at the start of training.*")
def test_training_steps_of_the_users_own(
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: list[tuple[Tensor, Tensor]],
    fit: Callable[..., list[dict[str, Tensor]]],
    same: Callable[..., None],
) -> None:
    doubles = [(image.double(), target) for image, target in batches]
    model = Trained(StreamingModule(backbone, 24), head).double()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = fit(model, doubles, precision="64-true")
    model.load_state_dict(before)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    assert len(found) == len(doubles)
    for (image, target), step in zip(doubles, found, strict=True):
        optimizer.zero_grad()
        functional.cross_entropy(head(backbone.eval()(image)), target).backward()
        same(step, {name: p.grad for name, p in model.named_parameters()}, 1e-11)
        optimizer.step()
