"""Receptive fields against published tables, gradients and the closed form for chains."""

import pytest
import torch
from hypothesis import given
from torch import nn

from tests.engine.streaming.geometry.maps import chain, layers
from tests.parts import gradient
from wholefield import networks
from wholefield.streaming import plan
from wholefield.streaming.geometry.fields import fields

# Pixels seen after each stage of torchvision's layouts.
TABLE = {
    "resnet18": ((43, 4), (99, 8), (211, 16), (435, 32)),
    "resnet34": ((59, 4), (179, 8), (547, 16), (899, 32)),
    "resnet50": ((35, 4), (91, 8), (267, 16), (427, 32)),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_published_receptive_fields_of_resnets(name: str) -> None:
    network, _ = networks.split_resnet(getattr(networks, name)())
    found = plan(network.eval(), (1, 3, 1024, 1024), 512)
    stages = {layer.layer.split(".")[0]: layer.fields[0] for layer in found.layers}
    assert [[stages[k].size, stages[k].stride] for k in "4567"] == [list(pair) for pair in TABLE[name]]
    assert found.receptive_field == (TABLE[name][3][0],) * 2


def test_the_published_receptive_field_of_convnext() -> None:
    found = plan(networks.convnext_tiny().features.eval(), (1, 3, 2048, 2048), 512)
    stages = [layer.fields[0] for layer in found.layers if layer.layer.split(".")[0] in "1357"]
    by_stride = {int(field.stride): field.size for field in stages}
    assert by_stride == {4: 76, 8: 224, 16: 1096, 32: 1688}
    assert list(found.offset[0]) == [-828, 859]


def test_the_published_receptive_field_of_vgg16() -> None:
    found = plan(networks.vgg16().features.eval(), (1, 3, 512, 512), 256)
    assert [*found.receptive_field, *found.stride] == [212, 212, 32, 32]


@pytest.mark.parametrize("name", ["resnet18", "unet"])
def test_a_gradient_reaches_exactly_the_pixels_of_the_field(name: str) -> None:
    torch.manual_seed(0)
    if name == "unet":
        network: nn.Module = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Conv2d(2, 2, 3, padding=1),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(2, 1, 3, padding=1),
        )
    else:
        network = nn.Sequential(nn.Conv2d(1, 2, 7, 2, 3), nn.AvgPool2d(3, 2, 1), nn.Conv2d(2, 1, 3, 2, 1))
    network.double()
    image = torch.randn(1, 1, 75, 90, dtype=torch.double, requires_grad=True)
    found = plan(network, image.shape, 32, dtype=torch.double)
    last = len(found.layers) - 1
    for position in [(0, 0), (4, 5), (5, 4), (7, 8)]:
        image.grad = None
        network(image)[0, 0][position].backward()
        touched = gradient(image)[0, 0] != 0
        rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
        (top, bottom), (left, right) = found.seen_from(last, position)
        if name == "resnet18":
            ends = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
            assert tuple(int(end) for end in ends) == (
                top,
                bottom,
                left,
                right,
            )
        else:  # a maximum passes its gradient to one pixel of its window only
            assert top <= rows.min()
            assert rows.max() < bottom
            assert left <= columns.min()
            assert columns.max() < right


@given(layers)
def test_chains_follow_the_closed_form(shape: list[tuple[int, int, int]]) -> None:
    size = jump = 1
    for kernel, step, dilation in shape:
        size += dilation * (kernel - 1) * jump
        jump *= step
    field = fields(chain(shape))[-1]
    assert [field.size, field.stride] == [size, jump]
