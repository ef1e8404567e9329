"""Streamed mixed-scale dense networks equal the whole-image ones, outputs and gradients, at any tile size."""

from collections.abc import Sequence

import pytest
import torch

from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.modules import MSDBlock, MSDModule
from wholefield.networks.msd.network import MSDNetwork
from wholefield.streaming import Streamed


def network(ndim: int, depth: int = 12, width: int = 1) -> MSDModule:
    torch.manual_seed(0)
    net = MSDModule(2, 2, depth, width, [1, 2, 3, 4], ndim).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net


@pytest.mark.parametrize(
    ("shape", "tile", "width"),
    [((1, 2, 61, 45), 24, 1), ((2, 2, 33, 70), 17, 2), ((1, 2, 20, 19), 64, 1), ((1, 2, 17, 15, 21), 9, 1)],
)
def test_outputs_and_gradients_are_exact(shape: Sequence[int], tile: int, width: int) -> None:
    net = network(len(shape) - 2, width=width)
    image = torch.randn(*shape, dtype=torch.float64, requires_grad=True)
    asked = [image, *net.parameters()]
    expected = net(image)
    along = torch.randn_like(expected)
    found = Streamed(net, tile)(image)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    for a, b in zip(
        torch.autograd.grad(found, asked, along), torch.autograd.grad(expected, asked, along), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(net, tile)(image), expected, rtol=0, atol=1e-12)


def test_blocks_stream_too() -> None:
    block = MSDBlock(1, (1, 2, 3, 1, 2, 3, 5), 2).double()
    image = torch.randn(1, 1, 40, 31, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(block, 16)(image), block(image), rtol=0, atol=1e-12)


@pytest.mark.parametrize("task", Task)
def test_whole_networks_stream_with_their_normalization(task: Task) -> None:
    network = MSDNetwork(1, 2, 6, task=task)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    image = torch.randn(1, 1, 50, 43)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(network, 32)(image), network(image), rtol=1e-5, atol=1e-5)


def test_frozen_layers_stream_with_right_gradients() -> None:
    net = network(2)
    for parameter in net.msd_block.weights[3:9]:
        parameter.requires_grad_(False)
    image = torch.randn(1, 2, 40, 31, dtype=torch.float64)
    asked = [parameter for parameter in net.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(Streamed(net, 20)(image).square().sum(), asked)
    expected = torch.autograd.grad(net(image).square().sum(), asked)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
