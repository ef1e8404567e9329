"""The constructor: documented defaults, callbacks at their moments, moot options."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.parts import part
from wholefield.compat.lightstream import StreamingCNN, StreamingConstructor
from wholefield.streaming import StreamingError

DEFAULTS = {
    "verbose": False,
    "deterministic": False,
    "saliency": False,
    "copy_to_gpu": False,
    "statistics_on_cpu": False,
    "normalize_on_gpu": False,
    "mean": None,
    "std": None,
    "tile_cache": None,
    "add_keep_modules": None,
    "before_streaming_init_callbacks": None,
    "after_streaming_init_callbacks": None,
}


def test_names_order_and_defaults_are_the_documented_ones() -> None:
    parameters = list(inspect.signature(StreamingConstructor).parameters.values())
    assert [parameter.name for parameter in parameters] == ["model", "tile_size", *DEFAULTS]
    assert {parameter.name: parameter.default for parameter in parameters[2:]} == DEFAULTS


def test_options_reach_the_streaming_module(backbone: nn.Sequential) -> None:
    options: dict[str, Any] = {
        "verbose": True,
        "deterministic": True,
        "saliency": True,
        "copy_to_gpu": True,
        "normalize_on_gpu": True,
    }
    streaming = StreamingConstructor(
        backbone, 40, mean=[0.1] * 3, std=[0.2] * 3, **options
    ).prepare_streaming_model()
    assert isinstance(streaming, StreamingCNN)
    assert streaming.stream_module is backbone
    assert streaming.tile_shape == (1, 3, 40, 40)
    assert {name: getattr(streaming, name) for name in options} == options
    assert streaming.mean.tolist() == [0.1] * 3
    assert streaming.std.tolist() == [0.2] * 3


def test_callbacks_run_in_order_and_what_the_first_do_to_weights_is_undone(
    backbone: nn.Sequential, same: Callable[..., Any]
) -> None:
    moments: list[tuple[str, float]] = []

    def note(name: str) -> Callable[[nn.Module], None]:
        return lambda model: moments.append((name, part(model, "0.weight")[0, 0, 0, 0].item()))

    def spoil(model: nn.Module) -> None:
        with torch.no_grad():
            for tensor in model.state_dict().values():
                tensor.fill_(7)

    def scale(model: nn.Module) -> None:
        with torch.no_grad():
            part(model, "4.bias").fill_(3)

    weights = {name: value.clone() for name, value in backbone.state_dict().items()}
    first = weights["0.weight"][0, 0, 0, 0].item()
    streaming = StreamingConstructor(
        backbone,
        (40, 30),
        add_keep_modules=[nn.BatchNorm2d],
        before_streaming_init_callbacks=[note("before"), spoil, note("spoilt")],
        after_streaming_init_callbacks=[note("after"), scale],
    ).prepare_streaming_model()
    assert moments == [("before", first), ("spoilt", 7.0), ("after", first)]
    assert streaming.tile_shape == (1, 3, 40, 30)
    same(streaming.stream_module.state_dict(), weights | {"4.bias": torch.full((4,), 3.0)}, 0.0)


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (nn.Conv1d(2, 4, 3), (1, 2, 16)),
        (nn.Sequential(nn.ReLU(), nn.Conv3d(5, 4, 3)), (1, 5, 16, 16, 16)),
        (nn.MaxPool2d(3), (1, 3, 16, 16)),
    ],
)
def test_the_tile_has_the_channels_and_axes_of_the_network(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    assert StreamingConstructor(network, 16).prepare_streaming_model().tile_shape == shape


def test_kept_modules_are_noted(backbone: nn.Sequential) -> None:
    constructor = StreamingConstructor(backbone, 16, add_keep_modules=[nn.BatchNorm2d])
    constructor.add_modules_to_keep([nn.LayerNorm])
    assert constructor.keep_modules == [nn.BatchNorm2d, nn.LayerNorm]


def test_a_stale_tile_cache_is_refused(backbone: nn.Sequential) -> None:
    cache = StreamingConstructor(backbone, 16).prepare_streaming_model().get_tile_cache()
    StreamingConstructor(backbone, 16, tile_cache=cache).prepare_streaming_model()
    with pytest.raises(StreamingError, match="for tiles of"):
        StreamingConstructor(backbone, 17, tile_cache=cache).prepare_streaming_model()
