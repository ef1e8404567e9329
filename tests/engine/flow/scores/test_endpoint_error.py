"""Endpoint errors of labeled pixels."""

import math

import pytest
import torch

from wholefield.flow.scores.endpoint_error import EndpointError, endpoint_error


def test_endpoint_error_leaves_unknown_pixels_out() -> None:
    label = torch.zeros(2, 3, 4)
    label[0, 0, 0] = float("nan")
    flow = torch.zeros(2, 3, 4)
    flow[:, 1, 1] = torch.tensor([3.0, 4.0])
    assert float(endpoint_error(flow, label)) == pytest.approx(5 / 11)


def test_the_metric_is_the_mean_over_all_pixels_of_all_batches() -> None:
    random = torch.Generator().manual_seed(0)
    flows = [torch.randn(3, 2, h, 7, generator=random) for h in (4, 9)]
    labels = [torch.randn(flow.shape, generator=random) for flow in flows]
    labels[0][1] = float("nan")
    metric = EndpointError()
    for flow, label in zip(flows, labels, strict=True):
        metric.update(flow, label)
    expected = torch.cat([
        (flow - label).double().norm(dim=1).flatten() for flow, label in zip(flows, labels, strict=True)
    ])  # fmt: skip
    assert float(metric.compute()) == pytest.approx(float(expected.nanmean()), rel=1e-6)
    metric.reset()
    metric.update(flows[0][1], labels[0][1])
    assert math.isnan(float(metric.compute()))
