"""Networks trained strip by strip have the outputs and gradients of the network on the whole image."""

from collections.abc import Iterable, Sequence

import pytest
import torch
from torch import Tensor

from wholefield.networks.msd.modules import MSDModule


def random_network(depth: int, width: int, dilations: Iterable[int], ndim: int) -> MSDModule:
    torch.manual_seed(0)
    network = MSDModule(2, 2, depth, width, dilations, ndim).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def gradients(network: MSDModule, image: Tensor, strip: int | None, trainable: set[str]) -> list[Tensor]:
    """Output, and gradients of image and parameters as far as they are trained."""
    network.strip = strip
    asked = [image] if image.requires_grad else []
    asked += [parameter for name, parameter in network.named_parameters() if name in trainable]
    output = network(image)
    along = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).view_as(output)
    return [output, *torch.autograd.grad(output, asked, along)]


@pytest.mark.parametrize(
    ("shape", "depth", "width", "dilations", "strip"),
    [
        ((2, 2, 41, 12), 6, 2, (1, 2, 3), 9),
        ((1, 2, 30, 11), 6, 2, (1, 5), 64),
        ((1, 2, 97, 11), 7, 1, (5, 1, 3), 10),
        ((1, 2, 61, 10), 12, 1, range(1, 10), 3),
        ((1, 2, 9, 10), 6, 1, (9, 4), 4),
        ((1, 2, 22, 6, 7), 6, 2, (1, 2), 5),
        ((2, 2, 19, 5, 8), 7, 1, (4, 1, 2, 3), 2),
    ],
)
def test_outputs_and_gradients_are_exact(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], strip: int
) -> None:
    network = random_network(depth, width, dilations, len(shape) - 2)
    image = torch.randn(*shape, dtype=torch.float64, requires_grad=True)
    names = {name for name, _ in network.named_parameters()}
    expected = gradients(network, image, None, names)
    for a, b in zip(gradients(network, image, strip, names), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        torch.testing.assert_close(network(image), expected[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "trainable",
    [
        {"final_layer.linear.weight"},
        {"final_layer.linear.bias"},
        {"msd_block.weight6"},
        {"msd_block.weight2", "msd_block.weight10"},
        {"msd_block.bias"},
        set(),
    ],
)
@pytest.mark.parametrize("image_too", [False, True])
def test_frozen_parameters_leave_the_other_gradients_right(trainable: set[str], image_too: bool) -> None:
    network = random_network(12, 1, (1, 2, 3), 2)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trainable)
    image = torch.randn(1, 2, 40, 9, dtype=torch.float64, requires_grad=image_too)
    if not (trainable or image_too):
        network.strip = 7
        assert not network(image).requires_grad
        return
    expected = gradients(network, image, None, trainable)
    for a, b in zip(gradients(network, image, 7, trainable), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_lower_precision_trains_too() -> None:
    network = random_network(12, 1, (1, 2, 3), 2).bfloat16()
    image = torch.randn(1, 2, 50, 20).bfloat16().requires_grad_()
    names = {name for name, _ in network.named_parameters()}
    expected = gradients(network, image, None, names)
    for a, b in zip(gradients(network, image, 9, names), expected, strict=True):
        assert a.dtype == torch.bfloat16
        assert (a - b).float().norm() <= 0.03 * b.float().norm()


def test_two_passes_before_two_backward_passes_each_have_their_own_rows() -> None:
    network = random_network(6, 1, (1, 2, 3), 2)
    images = torch.randn(2, 1, 2, 25, 9, dtype=torch.float64)
    parameters = list(network.parameters())
    expected = torch.autograd.grad(sum(network(image).square().sum() for image in images), parameters)
    network.strip = 8
    total = sum(network(image).square().sum() for image in images)
    for retain in (True, False):
        for a, b in zip(torch.autograd.grad(total, parameters, retain_graph=retain), expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
