"""Cutting any classifier of the list."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parts import part
from wholefield.errors import SettingError
from wholefield.networks import resnet18, streamed_part, unet
from wholefield.networks.registry import CLASSIFIERS, ModelEntry
from wholefield.networks.split import split_classifier, split_resnet
from wholefield.streaming import Streamed


@pytest.mark.parametrize("entry", CLASSIFIERS, ids=lambda entry: entry.name)
def test_parts_equal_the_whole_and_the_map_its_logits(entry: ModelEntry) -> None:
    torch.manual_seed(0)
    net = entry.build(num_classes=3).double().eval()
    image = torch.rand(1, 3, 75, 101, dtype=torch.float64)
    backbone, head = split_classifier(net)
    with torch.no_grad():
        features = backbone(image)
        logits = net(image)
        torch.testing.assert_close(head(features), logits, rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(head.class_map(features).mean((2, 3)), logits, rtol=1e-11, atol=1e-12)


def test_refuses_what_has_no_parts() -> None:
    with pytest.raises(SettingError, match="Linear cannot be cut"):
        split_classifier(nn.Linear(2, 2))


def test_streamed_part_is_frozen() -> None:
    net = resnet18().train()
    layers: Any = streamed_part(net)
    assert layers[0] is net.conv1
    assert not net.bn1.training
    whole = unet(1, 2, width=2, depth=1)
    assert streamed_part(whole) is whole
    assert not part(whole, "down.0.1.training")


class PublishedResNet(nn.Module):
    """A network of another package with torchvision's attributes, and none of our classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for index in range(1, 5):
            setattr(self, f"layer{index}", nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(4, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for index in range(1, 5):
            x = getattr(self, f"layer{index}")(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def test_resnets_of_other_packages_are_cut_by_their_attributes() -> None:
    net = PublishedResNet().double().eval()
    image = torch.rand(2, 3, 70, 51, dtype=torch.float64)
    backbone, head = split_resnet(net)
    wanted = net(image)
    torch.testing.assert_close(head(backbone(image)), wanted, rtol=1e-12, atol=1e-12)
    wanted.square().sum().backward()
    gradients = {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}
    net.zero_grad()
    streamed = Streamed(backbone, 24)
    head(streamed(image)).square().sum().backward()
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-10, atol=1e-10)
    _, other = split_resnet(net, num_classes=3)
    assert net.fc.out_features == 3
    assert other.fc.weight.dtype is torch.float64


def test_what_is_no_resnet_is_refused_by_its_missing_layers() -> None:
    with pytest.raises(SettingError, match=r"Linear is not a ResNet .* no conv1, bn1"):
        split_resnet(nn.Linear(2, 2))
