"""The weighted sum of the terms over the levels."""

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.flow.losses import (
    LOSS_NAMES,
    FlowLoss,
    backward_deblur_loss,
    data_loss,
    l1_loss,
    micro_times,
    smoothness2_loss,
    smoothness_loss,
    time_consistency_loss,
)


def levels() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    torch.manual_seed(0)
    features = [
        torch.rand(3, 2, 6, n, n + 1).double() * (torch.rand(3, 2, 1, n, n + 1) > 0.5) for n in (4, 8)
    ]
    return features, [torch.randn(3, 2, 2, n, n + 1).double() for n in (4, 8)]


def test_documented_names() -> None:
    assert LOSS_NAMES == ("data", "time_consistency", "bw_deblur", "smoothness", "smoothness2", "l1")


def test_each_term_is_its_weight_times_the_mean_over_the_levels() -> None:
    pyramid, flows = levels()
    weights = {name: 0.5 + index for index, name in enumerate(LOSS_NAMES)}
    found = FlowLoss(weights, smoothness_mask=["smoothness", "l1"], micro_bins=3)(pyramid, flows)
    functions = {
        "data": lambda x, u, m: data_loss(x, u),
        "time_consistency": lambda x, u, m: time_consistency_loss(x, u),
        "bw_deblur": lambda x, u, m: backward_deblur_loss(x, u, micro_times(3)),
        "smoothness": lambda x, u, m: smoothness_loss(u, m),
        "smoothness2": lambda x, u, m: smoothness2_loss(u),
        "l1": lambda x, u, m: l1_loss(u, m),
    }
    for name, function in functions.items():
        terms = [function(x, u, (x != 0).any(2, keepdim=True)) for x, u in zip(pyramid, flows, strict=True)]
        torch.testing.assert_close(found[name], weights[name] * torch.stack(terms).mean())


def test_terms_without_weight_are_not_computed() -> None:
    pyramid, flows = levels()
    assert set(FlowLoss({"data": 1, "l1": 0})(pyramid, flows)) == {"data"}


def test_invalid_values_are_refused() -> None:
    with pytest.raises(SettingError, match="names 'sharpness'"):
        FlowLoss({"sharpness": 1.0})
    with pytest.raises(SettingError, match="smoothness_mask"):
        FlowLoss({"l1": 1.0}, smoothness_mask=["data"])
    with pytest.raises(SettingError, match="above 0"):
        FlowLoss({"l1": 0.0})
    with pytest.raises(SettingError, match="micro time bins"):
        FlowLoss({"bw_deblur": 1.0}, micro_bins=1)
