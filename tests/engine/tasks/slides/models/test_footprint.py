"""Where output positions lie on the input, against the gradient of one output position."""

import pytest
import torch
from torch import nn

from wholefield.networks import resnet18, small_cnn, split_resnet
from wholefield.tasks.slides.models.footprint import Footprint, footprint


def networks() -> dict[str, nn.Module]:
    return {
        "small": small_cnn().features.eval(),
        "resnet18": split_resnet(resnet18())[0].eval(),
        "patches": nn.Sequential(nn.Conv2d(3, 2, 4, stride=4), nn.Conv2d(2, 2, 3, padding=1)),
        "branches": Branches(),
    }


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 2, (7, 5), stride=2, padding=(3, 2))
        self.narrow = nn.Conv2d(3, 2, 1, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.wide(x) + self.narrow(x)


@pytest.mark.parametrize("name", networks())
def test_centre_of_the_gradient(name: str) -> None:
    torch.manual_seed(0)
    network = networks()[name].double()
    image = torch.rand(1, 3, 480, 512, dtype=torch.float64, requires_grad=True)
    features = network(image)
    y, x = features.shape[2] // 2, features.shape[3] // 2
    features[0, :, y, x].sum().backward()
    assert image.grad is not None
    touched = image.grad.abs().sum((0, 1)) > 0
    rows, columns = footprint(network, image)
    for found, position, axis in ((rows, y, 1), (columns, x, 0)):
        pixels = touched.any(axis).nonzero().flatten()
        middle = (int(pixels[0]) + int(pixels[-1]) + 1) / 2
        assert found.center + position * found.stride == pytest.approx(middle, abs=1)


def test_known_grids() -> None:
    image = torch.zeros(1, 3, 64, 64)
    grid = footprint(networks()["patches"], image)
    assert grid == (Footprint(2.0, 4.0), Footprint(2.0, 4.0))
    assert grid[0].extent(16) == (0.0, 64.0)
    assert footprint(small_cnn().features.eval(), image)[0] == Footprint(0.5, 32.0)
