"""Networks trained strip by strip have the outputs and gradients of the network on the whole image."""

from collections.abc import Sequence

import pytest
import torch

from engine.msd import MSDModule
from engine.msd.strips import strips


@pytest.mark.parametrize(
    ("shape", "dilations", "strip"),
    [((2, 2, 41, 12), (1, 2, 3), 9), ((1, 2, 30, 11), (1, 5), 64), ((1, 2, 22, 6, 7), (1, 2), 5)],
)
def test_outputs_and_gradients_are_exact(shape: Sequence[int], dilations: Sequence[int], strip: int) -> None:
    torch.manual_seed(0)
    network = MSDModule(2, 2, 6, 2, dilations, len(shape) - 2).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    network.msd_block.weight2.requires_grad_(False)
    image = torch.randn(*shape, dtype=torch.float64, requires_grad=True)
    asked = [image, *(parameter for parameter in network.parameters() if parameter.requires_grad)]
    expected = network(image)
    network.strip = strip
    found = network(image)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    along = torch.randn_like(expected)
    for a, b in zip(
        torch.autograd.grad(found, asked, along), torch.autograd.grad(expected, asked, along), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_strips_cover_the_axis_with_their_surroundings() -> None:
    assert list(strips(10, 4, 3)) == [(0, 4, 0, 7), (4, 8, 1, 10), (8, 10, 5, 10)]
