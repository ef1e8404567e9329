"""Blocks and networks as modules: names, order, starting values, and the same numbers as the functions."""

import math
from copy import deepcopy

import pytest
import torch

from wholefield.networks.msd.kernel.functions import msd_block
from wholefield.networks.msd.modules import MSDBlock, MSDFinalLayer, MSDModule


def test_parameters_come_in_the_documented_order() -> None:
    names = [name for name, _ in MSDModule(2, 3, 2, 4).named_parameters()]
    assert names == [
        "msd_block.bias",
        "msd_block.weight0",
        "msd_block.weight1",
        "final_layer.linear.weight",
        "final_layer.linear.bias",
    ]
    network = MSDModule(2, 3, 2, 4)
    assert network.msd_block.bias.shape == (8,)
    assert [tuple(weight.shape) for weight in network.msd_block.weights] == [(4, 2, 3, 3), (4, 6, 3, 3)]
    assert network.final_layer.linear.weight.shape == (3, 10, 1)
    assert network.dilations == (1, 2)


def test_kernels_start_normal_and_everything_else_zero() -> None:
    torch.manual_seed(0)
    for ndim, taps in ((2, 9), (3, 27)):
        network = MSDModule(3, 2, 20, 4, [1, 2], ndim)
        drawn = torch.cat([weight.flatten() for weight in network.msd_block.weights])
        expected = math.sqrt(2 / (taps * (3 + 4 * 19) + 2))
        assert abs(drawn.std() / expected - 1) < 0.03
        assert abs(drawn.mean()) < 0.05 * expected
        assert not network.msd_block.bias.any()
        assert not network.final_layer.linear.weight.any()
        assert not network(torch.randn(1, 3, *(4,) * ndim)).any()


def test_the_network_is_its_block_and_final_layer() -> None:
    for ndim in (2, 3):
        network = MSDModule(2, 3, 4, 2, [1, 3], ndim).double()
        torch.nn.init.normal_(network.final_layer.linear.weight)
        assert network.final_layer.linear.bias is not None
        torch.nn.init.normal_(network.final_layer.linear.bias)
        image = torch.randn(2, 2, *(7, 6, 5)[:ndim], dtype=torch.float64)
        expected = network.final_layer(network.msd_block(image))
        torch.testing.assert_close(network(image), expected, rtol=1e-12, atol=1e-12)
        with torch.no_grad():
            torch.testing.assert_close(network(image), expected, rtol=1e-12, atol=1e-12)


def test_a_block_without_layers_gives_its_input() -> None:
    image = torch.randn(1, 2, 4, 5)
    assert torch.equal(MSDBlock(2, (), 1)(image), image)
    assert torch.equal(msd_block(image, (), torch.zeros(0), []), image)


def test_the_final_layer_combines_channels() -> None:
    layer = MSDFinalLayer(3, 2)
    torch.nn.init.normal_(layer.linear.weight)
    image = torch.randn(2, 3, 4, 5, 6)
    expected = torch.einsum("oc,bcdhw->bodhw", layer.linear.weight[..., 0], image)
    torch.testing.assert_close(layer(image), expected, rtol=1e-5, atol=1e-5)


def test_autocast_leaves_the_network_in_its_own_precision() -> None:
    torch.manual_seed(0)
    network = MSDModule(1, 1, 6, 1)
    torch.nn.init.normal_(network.final_layer.linear.weight)
    image = torch.randn(1, 1, 20, 21)
    expected = network(image)
    expected.sum().backward()
    gradient = network.msd_block.weights[0].grad
    assert gradient is not None
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        found = network(image)
        assert torch.equal(found, expected)
        assert network(image.bfloat16()).dtype == torch.float32
        found.sum().backward()
    again = network.msd_block.weights[0].grad
    assert again is not None
    assert torch.equal(again, gradient)


@pytest.mark.parametrize("strip", [None, 9])
def test_gradients_of_bfloat16_are_near_those_of_double_precision(strip: int | None) -> None:
    torch.manual_seed(0)
    network = MSDModule(1, 2, 20, 1)
    torch.nn.init.normal_(network.final_layer.linear.weight, std=0.1)
    exact = deepcopy(network).double()
    image, target = torch.randn(1, 1, 40, 33), torch.randn(1, 2, 40, 33)
    network.computes_in, network.strip = torch.bfloat16, strip
    with torch.autocast("cpu", torch.bfloat16):
        found = network(image)
    assert found.dtype == torch.float32
    (found - target).square().mean().backward()
    (exact(image.double()) - target).square().mean().backward()
    gradients = []
    for module in (network, exact):
        gradients.append(
            torch.cat([p.grad.double().flatten() for p in module.parameters() if p.grad is not None])
        )
    assert {p.grad.dtype for p in network.parameters() if p.grad is not None} == {torch.float32}
    assert gradients[0].shape == gradients[1].shape
    error = (gradients[0] - gradients[1]).norm() / gradients[1].norm()
    assert 1e-5 < error < 0.02
