"""Layers over a shared buffer equal concatenation, outputs and gradients."""

import torch
from torch import Tensor

from wholefield.compat.msd_pytorch.conv import convolve
from wholefield.compat.msd_pytorch.msd_module import MSDLayerModule, MSDModule
from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchCopyModule


def test_a_dense_network_of_layers_over_a_buffer() -> None:
    torch.manual_seed(0)
    buffer, width, dilations = StitchBuffer(), 2, (1, 2, 3)
    layers = [MSDLayerModule(buffer, 1, i, width, d).double() for i, d in enumerate(dilations)]
    image = torch.randn(1, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    along = torch.randn(1, 7, 6, 5, dtype=torch.float64)
    parameters = [p for layer in layers for p in layer.parameters()]

    def stitched() -> Tensor:
        buffer.like_(image, (1, 7, 6, 5))
        value = StitchCopyModule(buffer, 0)(image)
        for layer in layers:
            value = layer(value)
        return value

    def concatenated() -> Tensor:
        value = image
        for layer, dilation in zip(layers, dilations, strict=True):
            out = convolve(value, layer.convolution.weight, layer.convolution.bias, 1, dilation).relu()
            value = torch.cat([value, out], 1)
        return value

    torch.testing.assert_close(stitched(), concatenated())
    found = torch.autograd.grad(stitched(), [image, *parameters], along)
    expected = torch.autograd.grad(concatenated(), [image, *parameters], along)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


def test_layers_over_a_buffer_are_those_of_the_network() -> None:
    torch.manual_seed(0)
    network, buffer = MSDModule(1, 1, 3, 2, [1, 2, 3]).double(), StitchBuffer()
    image = torch.randn(1, 1, 8, 9, dtype=torch.float64)
    buffer.like_(image, (1, 7, 8, 9))
    value = StitchCopyModule(buffer, 0)(image)
    for index, dilation in enumerate(network.dilations):
        layer = MSDLayerModule(buffer, 1, index, 2, dilation)
        layer.convolution.weight.data = network.msd_block.weights[index].detach()
        layer.convolution.bias.data = network.msd_block.bias.detach()[2 * index : 2 * index + 2]
        value = layer(value)
    torch.testing.assert_close(value, network.msd_block(image), rtol=0, atol=1e-12)
