"""StreamingModule as a LightningModule: its documented methods."""

import copy
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.parts import gradients, part
from wholefield.compat.lightstream import BaseModule, StreamingModule
from wholefield.errors import SettingError
from wholefield.streaming import StreamingError

DOCUMENTED = (
    "backward_streaming configure_tile_stride disable_streaming_hooks enable_streaming_hooks forward_streaming "
    "freeze_streaming_normalization_layers get_trainable_params load_tile_cache_if_needed on_predict_start "
    "on_test_start on_train_epoch_start on_train_start on_validation_start save_tile_cache_if_needed"
).split()


@pytest.fixture
def module(backbone: nn.Sequential, head: nn.Module) -> BaseModule:
    return BaseModule(backbone, head, 24, functional.cross_entropy).double()


@pytest.fixture
def image() -> Tensor:
    return torch.randn(2, 3, 61, 45, dtype=torch.float64)


def test_every_documented_method_is_there_with_its_parameters() -> None:
    assert all(name in vars(StreamingModule) | vars(StreamingModule.__base__) for name in DOCUMENTED)
    parameters = {
        name: list(inspect.signature(getattr(StreamingModule, name)).parameters) for name in DOCUMENTED
    }
    assert parameters["backward_streaming"] == ["self", "image", "gradient"]
    assert parameters["forward_streaming"] == ["self", "x"]
    assert (
        inspect.signature(StreamingModule.save_tile_cache_if_needed).parameters["overwrite"].default is False
    )
    assert (
        inspect.signature(StreamingModule.load_tile_cache_if_needed).parameters["use_tile_cache"].default
        is True
    )


def test_forward_and_backward_streaming(module: BaseModule, image: Tensor, same: Callable[..., Any]) -> None:
    labels = torch.tensor([2, 0])
    output = module.forward_streaming(image)
    functional.cross_entropy(module.forward_head(output), labels).backward()
    module.backward_streaming(image, output.grad)
    found = {name: p.grad.clone() for name, p in module.named_parameters()}
    module.zero_grad()
    whole = module.head(module.stream_network.stream_module(image))
    functional.cross_entropy(whole, labels).backward()
    same(found, {name: p.grad for name, p in module.named_parameters()}, 1e-12)
    assert torch.allclose(module(image), whole, rtol=1e-12)


def test_both_documented_forms(backbone: nn.Sequential, head: nn.Sequential, image: Tensor) -> None:
    plain = StreamingModule(backbone.double(), 24, False)
    assert plain.tile_size == 24
    assert not plain.train_streaming_layers
    assert torch.equal(plain(image), plain.forward_streaming(image))
    full = StreamingModule(
        backbone, head.double(), (24, 17), functional.cross_entropy, train_streaming_layers=True
    )
    assert full.tile_size == (24, 17)
    assert full(image).shape == (2, 3)
    with pytest.raises(SettingError, match="has no tile_size; give one"):
        StreamingModule(backbone, head)


def test_the_tile_size_can_be_changed(module: BaseModule, image: Tensor) -> None:
    before = module(image)
    module.tile_size = 9
    assert module.stream_network.tile_shape == (1, 3, 9, 9)
    assert module.tile_size == 9
    module.tile_size = (9, 100)
    assert module.tile_size == (9, 100)
    assert torch.allclose(module(image), before, rtol=1e-12)


def test_without_streaming_everything_is_one_graph(
    backbone: nn.Sequential, head: nn.Sequential, image: Tensor
) -> None:
    module = BaseModule(backbone, head, 24, functional.cross_entropy, use_streaming=False).double()
    output = module.forward_streaming(image)
    assert not output.is_leaf
    module.backward_streaming(image, torch.ones_like(output))
    assert backbone[0].weight.grad is None
    output.sum().backward()
    assert backbone[0].weight.grad is not None


def test_disabled_hooks_keep_the_two_calls(
    module: BaseModule, image: Tensor, same: Callable[..., Any]
) -> None:
    found = []
    for switch in (module.enable_streaming_hooks, module.disable_streaming_hooks):
        switch()
        output = module.forward_streaming(image)
        assert output.is_leaf
        module.backward_streaming(image, output.detach())
        found.append(gradients(module.stream_network))
        module.zero_grad()
    same(*found, 1e-12)


def test_an_untrained_streaming_part(backbone: nn.Sequential, head: nn.Sequential, image: Tensor) -> None:
    module = BaseModule(backbone, head, 24, functional.cross_entropy, train_streaming_layers=False).double()
    assert module.get_trainable_params() == list(head.parameters()) == module.params
    assert not any(p.requires_grad for p in backbone.parameters())
    output = module.forward_streaming(image)
    module.forward_head(output).sum().backward()
    module.backward_streaming(image, output.grad)
    assert all(p.grad is None for p in backbone.parameters())
    assert all(p.grad is not None for p in head.parameters())


def test_saliency_of_an_untrained_streaming_part(
    backbone: nn.Sequential, head: nn.Sequential, image: Tensor
) -> None:
    module = BaseModule(
        backbone, head, 24, nn.MSELoss(), train_streaming_layers=False, saliency=True
    ).double()
    output = module.forward_streaming(image)
    module.backward_streaming(image, torch.ones_like(output))
    assert module.stream_network.saliency_map.abs().sum() > 0


def test_trainable_parameters_are_those_of_the_whole_model(module: BaseModule) -> None:
    assert module.get_trainable_params() == list(module.parameters())
    part(module.head, "2.bias").requires_grad_(False)
    assert len(module.get_trainable_params()) == len(list(module.parameters())) - 1


@pytest.mark.parametrize(
    ("tile", "stride"), [(24, 24), (27, 24), (2, 4), ((24, 27), 24), ((24, 37), (24, 36))]
)
def test_configure_tile_stride(backbone: nn.Sequential, tile: Any, stride: Any) -> None:
    found = StreamingModule(backbone, tile).configure_tile_stride()
    assert isinstance(found, np.ndarray)
    assert found.tolist() == (list(stride) if isinstance(stride, tuple) else stride)


def test_nothing_is_written_unasked(
    backbone: nn.Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = StreamingModule(backbone, 24)
    assert not list(tmp_path.iterdir())
    assert module.load_tile_cache_if_needed() is None
    module.save_tile_cache_if_needed()
    assert [path.name for path in tmp_path.iterdir()] == ["tile_cache_1_3_24_24"]
    assert module.load_tile_cache_if_needed() == module.stream_network.get_tile_cache()
    assert module.load_tile_cache_if_needed(use_tile_cache=False) is None


def test_a_tile_cache_is_reused_kept_and_replaced(backbone: nn.Sequential, tmp_path: Path) -> None:
    where: dict[str, Any] = {"tile_cache_dir": tmp_path, "tile_cache_fname": "cache"}
    StreamingModule(backbone, 24, **where)
    written = (tmp_path / "cache").read_text()
    again = StreamingModule(backbone, 24, **where)
    assert again.stream_network._plan is not None
    again.tile_size = 48
    again.save_tile_cache_if_needed()
    assert (tmp_path / "cache").read_text() == written
    again.save_tile_cache_if_needed(overwrite=True)
    assert (tmp_path / "cache").read_text() != written
    StreamingModule(backbone, 48, **where)


def test_a_stale_tile_cache_is_refused_in_a_sentence(backbone: nn.Sequential, tmp_path: Path) -> None:
    where: dict[str, Any] = {"tile_cache_dir": tmp_path, "tile_cache_fname": "cache"}
    StreamingModule(backbone, 24, **where)
    with pytest.raises(StreamingError, match="was saved for another network; remove it, or save a new one"):
        StreamingModule(nn.Sequential(backbone, nn.ReLU()), 24, **where)
    with pytest.raises(StreamingError, match="for tiles of"):
        StreamingModule(backbone, 25, **where)
    with pytest.raises(StreamingError, match="does not exist; create it first"):
        StreamingModule(backbone, 24, tile_cache_dir=tmp_path / "nowhere")


def test_normalization_is_frozen_by_the_hooks(module: BaseModule) -> None:
    norm = part(module.stream_network.stream_module, "1")
    hooks = (
        module.freeze_streaming_normalization_layers,
        module.on_train_epoch_start,
        module.on_validation_start,
        module.on_test_start,
        module.on_predict_start,
    )
    for hook in hooks:
        norm.train()
        hook()
        assert not norm.training
    assert module.train().stream_network.stream_module[0].training
    assert not norm.training


def test_a_step_without_a_loss_is_refused(backbone: nn.Sequential, image: Tensor) -> None:
    with pytest.raises(SettingError, match="has no loss_fn; give one, or override training_step"):
        StreamingModule(backbone.double(), 24).training_step((image, torch.zeros(2)), 0)


def test_a_step_that_keeps_nothing_for_the_backward_is_refused(module: BaseModule) -> None:
    with pytest.raises(SettingError, match=r"kept no self\.image and self\.str_output"):
        module.backward(torch.ones((), requires_grad=True))


@pytest.mark.parametrize("size", [0, 1.5, (8, 8, 8)])
def test_a_tile_size_that_cannot_work_is_refused(
    backbone: nn.Sequential, module: BaseModule, size: Any
) -> None:
    with pytest.raises(StreamingError, match="tile size"):
        StreamingModule(backbone, size)
    with pytest.raises(StreamingError, match="tile size"):
        module.tile_size = size


def test_it_can_be_copied_and_its_state_loaded(module: BaseModule, image: Tensor) -> None:
    output = module.forward_streaming(image)
    other = copy.deepcopy(module)
    assert torch.equal(other.forward_streaming(image), output)
    names = set(module.state_dict())
    assert {"stream_network.stream_module.0.weight", "head.2.weight"} <= names
    assert all(name.startswith(("stream_network.stream_module.", "head.")) for name in names)
    other.load_state_dict(module.state_dict())
