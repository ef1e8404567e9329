"""Metrics against counting by hand."""

import math

import pytest
import torch

from wholefield.training.metrics import image_metrics, label_metrics


def test_overlap_of_labels() -> None:
    labels = torch.tensor([[[0, 0, 0, 1], [1, 1, 2, 9]]])
    found = torch.tensor([[[0, 0, 1, 1], [1, 0, 2, 2]]])
    output = torch.nn.functional.one_hot(found, 3).movedim(-1, 1).float()
    values = label_metrics(output, labels, ignore_label=9)
    assert values["accuracy"] == pytest.approx(5 / 7)
    assert values["dice"] == pytest.approx((4 / 6 + 4 / 6 + 1) / 3)
    assert values["iou"] == pytest.approx((2 / 4 + 2 / 4 + 1) / 3)
    assert label_metrics(output, found)["iou"] == 1


def test_likeness_of_images() -> None:
    target = torch.linspace(-1, 3, 400).view(1, 1, 20, 20)
    values = image_metrics(target + 0.1, target)
    assert values["psnr"] == pytest.approx(20 * math.log10(4 / 0.1), rel=1e-4)
    assert 0.9 < values["ssim"] < 1
    assert image_metrics(target, target)["ssim"] == pytest.approx(1)
    assert "ssim" not in image_metrics(target[..., :5], target[..., :5])
    volume = torch.randn(1, 1, 12, 12, 12)
    assert image_metrics(volume, volume)["ssim"] == pytest.approx(1)


def test_what_does_not_count_changes_nothing() -> None:
    torch.manual_seed(0)
    target = torch.randn(1, 1, 40, 40)
    output = target + 0.3 * torch.randn(1, 1, 40, 40)
    valid = torch.ones_like(target, dtype=torch.bool)
    valid[..., 25:] = False
    spoiled, wanted = (torch.where(valid, each, torch.nan) for each in (output, target))
    found = image_metrics(spoiled, wanted, valid)
    kept = image_metrics(output[..., :25], target[..., :25])
    assert found["psnr"] == pytest.approx(kept["psnr"], rel=1e-5)
    # Windows that hang over a border are filled by reflection in one and left out in the other.
    assert found["ssim"] == pytest.approx(kept["ssim"], abs=0.02)
    assert image_metrics(spoiled, wanted, torch.zeros_like(valid)) == {}
    assert "ssim" not in image_metrics(target, target, torch.eye(40).bool()[None, None])


def test_labels_of_which_none_counts() -> None:
    labels = torch.full((1, 4, 4), 9)
    assert label_metrics(torch.randn(1, 3, 4, 4), labels, ignore_label=9) == {}
