"""Cutting any classifier of the list."""

import pytest
import torch
from torch import nn

from wholefield.errors import SettingError
from wholefield.networks import resnet18, streamed_part, unet
from wholefield.networks.registry import CLASSIFIERS
from wholefield.networks.split import split_classifier


@pytest.mark.parametrize("entry", CLASSIFIERS, ids=lambda entry: entry.name)
def test_parts_equal_the_whole_and_the_map_its_logits(entry) -> None:
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
    part = streamed_part(net)
    assert part[0] is net.conv1
    assert not net.bn1.training
    whole = unet(1, 2, width=2, depth=1)
    assert streamed_part(whole) is whole
    assert not whole.down[0][1].training
