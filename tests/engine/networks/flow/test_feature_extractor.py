"""The documented networks: names, defaults, channels, sizes, state."""

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


@pytest.mark.parametrize("name", FEATURE_EXTRACTORS)
@pytest.mark.parametrize(("height", "width"), [(16, 24), (13, 21), (1, 1)])
def test_one_flow_per_scale_at_the_size_of_any_sensor(name: str, height: int, width: int) -> None:
    network = build_feature_extractor(name, 6, base=4)
    flows = network(torch.rand(2, 3, 6, height, width))
    sizes = [(-(-height // 2**k), -(-width // 2**k)) for k in (2, 1, 0)]
    assert [flow.shape for flow in flows] == [(2, 3, 2, *size) for size in sizes]


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
    assert len(midinet2(6, base=2, depth=3).middle.layers) == 3


def test_padding_changes_nothing_far_from_it() -> None:
    torch.manual_seed(0)
    network = eminet(2, base=2, scales=2).double()
    x = torch.rand(1, 1, 2, 64, 64).double()
    whole = network(x)[-1]
    network.reset()
    cut = network(x[..., :63, :61])[-1]
    torch.testing.assert_close(cut[..., :40, :40], whole[..., :40, :40], rtol=0, atol=1e-12)


def test_state_is_carried_and_reset_by_a_mask() -> None:
    torch.manual_seed(1)
    network = build_feature_extractor("midinet2", 2, base=2, depth=2).double()
    x = torch.rand(4, 2, 2, 9, 10).double()
    whole = network(x)[-1]
    network.reset()
    first = network(x[:2])[-1]
    torch.testing.assert_close(torch.cat([first, network(x[2:])[-1]]), whole, rtol=0, atol=1e-12)
    network.reset(torch.zeros(2))
    torch.testing.assert_close(network(x[:2])[-1], first, rtol=0, atol=1e-12)


def test_a_gradient_reaches_every_parameter() -> None:
    torch.manual_seed(2)
    for name in FEATURE_EXTRACTORS:
        network = build_feature_extractor(name, 2, base=4, scales=2)
        sum(flow.square().sum() for flow in network(torch.rand(3, 1, 2, 16, 16))).backward()
        for key, parameter in network.named_parameters():
            assert parameter.grad is not None, key
            assert bool(torch.isfinite(parameter.grad).all()), key


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SettingError, match="choose one of eminet"):
        build_feature_extractor("maxinet", 6)
    with pytest.raises(SettingError, match="no setting 'bases'"):
        eminet(6, bases=3)
    with pytest.raises(SettingError, match="base"):
        eminet(6, base=0)
    assert isinstance(eminet(6).encoder[0][0][1], StandardConvolution)
