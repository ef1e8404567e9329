"""The network that most plans are made for."""

import pytest
from torch import nn

from wholefield import networks


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return networks.split_resnet(networks.resnet18())[0].eval()
