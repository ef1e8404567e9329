"""Frozen batch normalization, and measuring its statistics once."""

import torch
from torch import nn

from tests.parts import part
from wholefield.networks import resnet18
from wholefield.networks.normalization import batch_norms, calibrate_normalization, freeze_normalization


def test_freezing_touches_only_normalization() -> None:
    net = resnet18().train()
    assert freeze_normalization(net) is net
    assert not any(norm.training for norm in batch_norms(net))
    assert net.training
    assert part(net, "layer1.0.conv1.training")
    assert len(batch_norms(net)) == 20


def test_statistics_are_the_mean_over_the_batches() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3, momentum=0.3)).double()
    batches = [torch.randn(2, 2, 5, 7, dtype=torch.float64) * scale for scale in (1, 3)]
    assert calibrate_normalization(net, batches) == 2
    responses = [net[0](batch) for batch in batches]
    means = torch.stack([response.mean((0, 2, 3)) for response in responses]).mean(0)
    variances = torch.stack([response.var((0, 2, 3)) for response in responses]).mean(0)
    torch.testing.assert_close(net[1].running_mean, means)
    torch.testing.assert_close(net[1].running_var, variances)
    assert net[1].momentum == 0.3
    assert not net[1].training


def test_keeps_the_scale_of_a_deep_network() -> None:
    torch.manual_seed(0)
    net = resnet18(num_classes=2)
    crops = [torch.randn(2, 3, 96, 96) for _ in range(2)]
    with torch.no_grad():
        wild = freeze_normalization(net)(crops[0]).std()
        calibrate_normalization(net, crops)
        tame = net(crops[0]).std()
    assert wild > 5 * tame


def test_a_network_without_normalization_is_not_run() -> None:
    class Refuses(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise AssertionError

    assert calibrate_normalization(Refuses(), [torch.zeros(1)]) == 0
