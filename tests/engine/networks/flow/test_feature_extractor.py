"""The documented networks: names, defaults, channels."""

import inspect

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.networks.flow.feature_extractor import (
    FEATURE_EXTRACTORS,
    build_feature_extractor,
    eminet,
    midinet2,
)
from wholefield.networks.flow.layers import Depthwise, SqueezeExcite, StandardConvolution
from wholefield.networks.flow.recurrent import ResidualRecurrence


def test_documented_defaults() -> None:
    for name, function in FEATURE_EXTRACTORS.items():
        defaults = {
            key: value.default
            for key, value in inspect.signature(function).parameters.items()
            if value.default is not inspect.Parameter.empty
        }
        expected = {"base": 16, "scales": 3, "rnn_cell": "lstm"}
        expected |= {} if name == "eminet_non_sep" else {"separable": True}
        expected |= {"depth": 1} if name == "midinet2" else {}
        assert defaults == expected


def test_documented_channels() -> None:
    network = build_feature_extractor("eminet_non_sep", 6, scales=2, base=4)
    layers = [*network.encoder, network.middle, *network.decoder]
    outputs = [
        layer[0].out_channels if isinstance(layer, torch.nn.Sequential) else layer.channels
        for layer in layers
    ]
    assert outputs == [4, 8, 16, 8, 4]


def test_what_sets_the_networks_apart() -> None:
    def kinds(name: str, **options: int) -> tuple[bool, bool]:
        modules = list(build_feature_extractor(name, 6, base=2, **options).modules())
        return any(isinstance(m, Depthwise) for m in modules), any(
            isinstance(m, SqueezeExcite) for m in modules
        )

    assert kinds("eminet") == (True, False)
    assert kinds("eminet_non_sep") == (False, False)
    assert kinds("midinet") == (True, True)
    assert kinds("midinet2", depth=2) == (True, True)
    middle = midinet2(6, base=2, depth=3).middle
    assert isinstance(middle, ResidualRecurrence)
    assert len(middle.layers) == 3


def test_invalid_values_are_refused() -> None:
    with pytest.raises(SettingError, match="choose one of eminet"):
        build_feature_extractor("maxinet", 6)
    with pytest.raises(SettingError, match="no setting 'bases'"):
        eminet(6, bases=3)
    with pytest.raises(SettingError, match="base"):
        eminet(6, base=0)
    assert any(isinstance(layer, StandardConvolution) for layer in eminet(6).encoder[0].modules())
