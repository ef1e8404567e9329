"""Trainings on stacks with voxels that are not finite: they count for nothing, whatever the task."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import EpochDone, Failed, Finished, Message, PreviewReady, Report, StepDone
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.noise2inverse_settings import DENOISED, Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.settings import (
    StackPairSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
)
from wholefield.tasks.stacks.training import assess, finite_pairs, loss_of
from wholefield.training.checkpoints import read_checkpoint

SHAPE = (8, 24, 26)
Y, X = np.mgrid[: SHAPE[1], : SHAPE[2]]
OUTSIDE = (Y - 12) ** 2 + (X - 13) ** 2 > 121


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A round input, a target with a stripe that is not finite, and labels of which some are not numbers."""
    volume = np.random.default_rng(0).normal(1000, 50, SHAPE).astype(np.float32)
    target, labels = 3 * volume - 500, np.where(volume > 1000, 255, 0).astype(np.float32)
    target[:, :4], labels[:, :, :3] = np.inf, np.nan
    volume[:, OUTSIDE] = np.nan
    for name, values in (("in", volume), ("target", target), ("labels", labels), ("none", target * np.nan)):
        tifffile.imwrite(tmp_path / f"{name}.tif", values, photometric="minisblack")
    return tmp_path


def trained(settings: Any, folder: Path) -> tuple[list[Report], RunFolder]:
    reports: list[Report] = []
    run_task(settings, folder, reports.append, Control())
    return reports, RunFolder(folder)


def settings(folder: Path, kind: type[StackPairSettings], target: str, **options: Any) -> Any:
    given = {"depth": 2, "epochs": 2, "crop_size": 8, "crops": 6, "batch_size": 2, "learning_rate": 0.02}
    return kind(stack=folder / "in.tif", target=folder / f"{target}.tif", **given | options)


@pytest.mark.parametrize(
    "options", [{}, {"input_slices": 3}, {"ndim": 3, "dilations": "1-2", "validation_slices": "5-7"}]
)
@pytest.mark.parametrize("kind", [StackRegressionSettings, StackSegmentationSettings])
def test_a_network_learns_from_the_rest(
    folder: Path, kind: type[StackPairSettings], options: dict[str, Any]
) -> None:
    target = "target" if kind is StackRegressionSettings else "labels"
    reports, run = trained(settings(folder, kind, target, **options), folder / "run")
    assert isinstance(reports[-1], Finished), reports[-1]
    steps = [report.loss for report in reports if isinstance(report, StepDone)]
    assert np.isfinite(steps).all()
    last = [report for report in reports if isinstance(report, EpochDone)][-1]
    assert np.isfinite(list(last.metrics.values())).all()
    state = read_checkpoint(run.best)["state_dict"]
    assert all(bool(value.isfinite().all()) for value in state.values())
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert any(f"{OUTSIDE.sum() * 8:,} voxels of in.tif are not finite" in text for text in texts)
    if kind is StackSegmentationSettings:
        assert any(f"{3 * 24 * 8:,} labels are not numbers" in text for text in texts)
    preview = [report for report in reports if isinstance(report, PreviewReady)][-1]
    assert np.isfinite(list(preview.metrics.values())).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_predictions_keep_their_gaps_and_say_so(folder: Path, ndim: int) -> None:
    options: dict[str, Any] = {"ndim": ndim, "dilations": "1-2", "epochs": 1}
    _, run = trained(settings(folder, StackRegressionSettings, "target", **options), folder / "run")
    predict = StackPredictSettings(stack=folder / "in.tif", checkpoint=run.best)
    reports, found = trained(predict, folder / "found")
    values = tifffile.imread(predict.result(found.path))
    np.testing.assert_array_equal(np.isfinite(values), np.broadcast_to(~OUTSIDE, SHAPE))
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert any("are not finite; the network was given the mean" in text for text in texts)


@pytest.mark.parametrize("ndim", [2, 3])
def test_noise2inverse_keeps_the_gaps_of_its_reconstructions(folder: Path, ndim: int) -> None:
    random = np.random.default_rng(1)
    for name in ("a", "b"):
        volume = random.normal(0, 1, SHAPE).astype(np.float32)
        volume[:, OUTSIDE] = np.nan
        tifffile.imwrite(folder / f"{name}.tif", volume, photometric="minisblack")
    config = Noise2InverseSettings(
        reconstructions=f"{folder / 'a.tif'}; {folder / 'b.tif'}", depth=2, epochs=1, crop_size=8, crops=2,
        dilations="1-2", ndim=ndim,
    )  # fmt: skip
    reports, run = trained(config, folder / "run")
    assert isinstance(reports[-1], Finished), reports[-1]
    texts = [report.text for report in reports if isinstance(report, Message)]
    assert any(
        "voxels of the reconstructions are not finite; they count for nothing" in text for text in texts
    )
    values = tifffile.imread(run.path / DENOISED)
    np.testing.assert_array_equal(np.isfinite(values), np.broadcast_to(~OUTSIDE, SHAPE))
    errors = [report.metrics["split_error"] for report in reports if isinstance(report, PreviewReady)]
    assert np.isfinite(errors).all()


@pytest.mark.parametrize("kind", [StackRegressionSettings, StackSegmentationSettings])
def test_a_target_without_numbers_is_refused_before_the_start(
    folder: Path, kind: type[StackPairSettings]
) -> None:
    reports, run = trained(settings(folder, kind, "none"), folder / "run")
    assert isinstance(reports[-1], Failed)
    assert "finite in both" in reports[-1].message or "holds no label" in reports[-1].message
    assert not run.last.exists()


def test_the_loss_is_that_of_the_rest() -> None:
    torch.manual_seed(0)
    network = MSDNetwork(2, 1, depth=2)
    images, targets = torch.randn(3, 2, 9, 10), torch.randn(3, 1, 9, 10)
    assert finite_pairs(images, targets) is None
    images[1, 1, 2, 3], targets[2, 0, 4:6] = torch.nan, torch.inf
    valid = finite_pairs(images, targets)
    assert valid is not None
    assert int((~valid).sum()) == 1 + 2 * 10
    output = torch.randn(3, 1, 9, 10)
    expected = (output - targets)[valid].square().mean()
    loss = loss_of(network, output, targets, valid)
    assert loss is not None
    torch.testing.assert_close(loss, expected)
    assert loss_of(network, output, targets, torch.zeros_like(valid)) is None


def test_labels_without_weight_make_no_mean() -> None:
    network = MSDNetwork(1, 2, depth=1, task=Task.SEGMENTATION, class_weights=[1.0, 0.0], ignore_label=2)
    output = torch.randn(1, 2, 4, 4).log_softmax(1)
    assert loss_of(network, output, torch.full((1, 4, 4), 2), None) is None
    assert loss_of(network, output, torch.ones(1, 4, 4, dtype=torch.long), None) is None
    assert loss_of(network, output, torch.zeros(1, 4, 4, dtype=torch.long), None) is not None
    target = torch.full((1, 4, 4), 2.0)
    assert assess(network, torch.zeros(1, 4, 4), output[0], target) == {}


def test_a_training_that_diverges_stops_and_keeps_the_last_good_checkpoint(folder: Path) -> None:
    config = settings(folder, StackRegressionSettings, "target", epochs=1, gradient_clipping=None)
    _, run = trained(config, folder / "run")
    good = run.last.read_bytes()
    reports, _ = trained(replace(config, epochs=30, learning_rate=1e30, warm_up_steps=0), run.path)
    end = reports[-1]
    assert isinstance(end, Failed)
    assert "in epoch 2, step " in end.message
    assert "so the training was stopped; last.ckpt holds the last checkpoint before" in end.message
    assert "a learning_rate of 1e+30 that is too high" in end.message
    assert run.last.read_bytes() == good
