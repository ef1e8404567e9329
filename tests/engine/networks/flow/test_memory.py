"""The state that a network carries: read, restored, set aside."""

import pytest
import torch

from wholefield.networks.flow.feature_extractor import midinet2
from wholefield.networks.flow.memory import fresh_memory, memory_of, remember
from wholefield.networks.flow.unet import FlowUNet


def network() -> FlowUNet:
    torch.manual_seed(0)
    return midinet2(2, base=2, scales=2, depth=2).double()


def batches() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.rand(2, 3, 1, 2, 9, 10).double()


def test_another_network_goes_on_where_one_was() -> None:
    (first, second), net, other = batches(), network(), network()
    assert memory_of(net) == [None, None]
    fresh = other(second)[-1]
    net(first)
    remember(other, memory_of(net))
    wanted = net(second)[-1]
    torch.testing.assert_close(other(second)[-1], wanted, rtol=0, atol=0)
    assert not torch.allclose(fresh, wanted)


def test_what_is_set_aside_comes_back_even_after_an_error() -> None:
    (first, second), net = batches(), network()
    fresh = net(second)[-1]
    net.reset()
    net(first)
    carried = memory_of(net)
    with fresh_memory(net):
        torch.testing.assert_close(net(second)[-1], fresh, rtol=0, atol=0)
    with pytest.raises(IndexError), fresh_memory(net):
        net(second[:0])
    assert all(a is b for a, b in zip(memory_of(net), carried, strict=True))


def test_the_memory_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        remember(network(), [None])
