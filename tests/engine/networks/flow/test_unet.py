"""The U-Net: sizes, padding, state and gradients."""

import pytest
import torch

from wholefield.networks.flow.feature_extractor import (
    FEATURE_EXTRACTORS,
    build_feature_extractor,
    eminet,
)


@pytest.mark.parametrize("name", FEATURE_EXTRACTORS)
@pytest.mark.parametrize(("height", "width"), [(16, 24), (13, 21), (1, 1)])
def test_one_flow_per_scale_at_the_size_of_any_sensor(name: str, height: int, width: int) -> None:
    network = build_feature_extractor(name, 6, base=4)
    flows = network(torch.rand(2, 3, 6, height, width))
    sizes = [(-(-height // 2**k), -(-width // 2**k)) for k in (2, 1, 0)]
    assert [flow.shape for flow in flows] == [(2, 3, 2, *size) for size in sizes]


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
