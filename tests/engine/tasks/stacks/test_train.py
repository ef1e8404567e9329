"""Trainings on stacks as runs: they learn, report, go on where they stopped, and refuse what cannot work."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import tifffile
import torch

from wholefield.cli.terminal import interruptible
from wholefield.errors import SettingError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    Level,
    Message,
    PartDone,
    PreviewReady,
    Reason,
    Report,
    Started,
    StepDone,
)
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.settings import (
    StackPairSettings,
    StackRegressionSettings,
    StackSegmentationSettings,
)
from wholefield.training.checkpoints import card_of
from wholefield.training.settings import ClassWeighting, Precision


@pytest.fixture
def regression(stacks: Path) -> StackRegressionSettings:
    return StackRegressionSettings(
        stack=stacks / "input.tif",
        target=stacks / "target.tif",
        depth=3,
        epochs=3,
        crop_size=24,
        crops=2,
        learning_rate=0.03,
    )


@pytest.fixture
def segmentation(stacks: Path) -> StackSegmentationSettings:
    return StackSegmentationSettings(
        stack=stacks / "input.tif",
        target=stacks / "labels.tif",
        depth=2,
        epochs=3,
        crop_size=24,
        learning_rate=0.05,
        class_weighting=ClassWeighting.BALANCED,
    )


def run(
    config: StackPairSettings, folder: Path, control: Control | None = None, stop_at: int | None = None
) -> tuple[list[Report], Finished | Failed]:
    """Execute a run, stopped after a step if asked; its reports and its end."""
    reports: list[Report] = []
    control = control or Control()

    def report(item: Report) -> None:
        reports.append(item)
        if isinstance(item, StepDone) and item.step == stop_at:
            control.stop_and_keep()

    return reports, run_task(config, folder, report, control)


Kind = TypeVar("Kind")


def only(reports: list[Report], kind: type[Kind]) -> list[Kind]:
    return [report for report in reports if isinstance(report, kind)]


def test_a_regression_learns_and_reports(regression: StackRegressionSettings, tmp_path: Path) -> None:
    reports, end = run(regression, tmp_path / "run")
    assert end == Finished(tmp_path / "run", Reason.COMPLETED)
    assert only(reports, Started) == [Started("stack-regression", tmp_path / "run", 42, 3)]
    assert [step.step for step in only(reports, StepDone)] == list(range(1, 43))
    assert all(step.seconds_left is not None for step in only(reports, StepDone))
    epochs = only(reports, EpochDone)
    assert [epoch.step for epoch in epochs] == [14, 28, 42]
    assert set(epochs[0].metrics) == {
        "training_loss", "validation_loss", "validation_psnr", "validation_ssim", "learning_rate",
    }  # fmt: skip
    assert epochs[-1].metrics["validation_psnr"] > epochs[0].metrics["validation_psnr"] > 15
    previews = only(reports, PreviewReady)
    assert [preview.epoch for preview in previews] == [0, 1, 2, 3]
    volume = tifffile.imread(regression.stack)
    assert {preview.at for preview in previews} == {4}
    np.testing.assert_array_equal(previews[0].pictures["input"], volume[4])
    np.testing.assert_allclose(previews[0].pictures["target"], 3 * volume[4] - 500)
    error = [
        np.abs(preview.pictures["prediction"] - preview.pictures["target"]).mean() for preview in previews
    ]
    assert error[-1] < 0.5 * error[0]


def test_the_best_checkpoint_opens_by_itself(regression: StackRegressionSettings, tmp_path: Path) -> None:
    reports, _ = run(replace(regression, dilations="1,3", width=2), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    model = MSDNetwork.from_checkpoint(folder.best)
    epoch = card_of(folder.best).epoch
    best = [report for report in only(reports, CheckpointSaved) if report.best]
    assert (model.dilations, model.width, model.depth) == ((1, 3, 1), 2, 3)
    assert epoch == len(best)
    volume = torch.from_numpy(tifffile.imread(regression.stack))
    preview = only(reports, PreviewReady)[epoch]
    with torch.no_grad():
        expected = model(volume[4][None, None])[0, 0]
    np.testing.assert_allclose(preview.pictures["prediction"], expected, rtol=1e-4)
    steps = [row.step for row in folder.metrics() if row.metric == "loss"]
    assert steps == list(range(1, 43))


def test_a_segmentation_finds_its_labels(segmentation: StackSegmentationSettings, tmp_path: Path) -> None:
    reports, _ = run(segmentation, tmp_path / "run")
    assert only(reports, Started)[0].classes == ("0", "255")
    assert only(reports, EpochDone)[-1].metrics["validation_dice"] > 0.9
    shares, meaning = only(reports, Message)
    assert meaning.text == "Label values become classes in ascending order: 0 is class 0, 255 is class 1."
    assert shares.text.startswith("Shares of the labels: 0 5")
    preview = only(reports, PreviewReady)[-1]
    assert preview.pictures["prediction"].dtype == preview.pictures["target"].dtype == np.uint8
    np.testing.assert_array_equal(preview.pictures["target"], tifffile.imread(segmentation.target)[4])
    assert (preview.pictures["prediction"] == preview.pictures["target"]).mean() > 0.9
    counted = [part for part in only(reports, PartDone) if part.what == "Counting labels"]
    assert [part.done for part in counted] == list(range(1, 10))
    assert card_of(RunFolder(tmp_path / "run").best).values == (0, 255)


def test_ignored_voxels_do_not_count(segmentation: StackSegmentationSettings, tmp_path: Path) -> None:
    labels = tifffile.imread(segmentation.target)
    labels[:, :, :20] = 77
    labels[:, :, 20:23] = 3
    tifffile.imwrite(tmp_path / "labels.tif", labels, photometric="minisblack")
    config = replace(segmentation, target=tmp_path / "labels.tif", ignore_label="3,77")
    reports, _ = run(config, tmp_path / "run")
    assert only(reports, Started)[0].classes == ("0", "255")
    preview = only(reports, PreviewReady)[-1]
    assert set(np.unique(preview.pictures["target"])) == {0, 3, 255}
    assert set(np.unique(preview.pictures["prediction"])) == {0, 255}
    assert preview.metrics["accuracy"] > 0.85


@pytest.mark.parametrize(
    "options", [{"input_slices": 3}, {"ndim": 3, "dilations": "1-2", "validation_slices": "6-8"}]
)
def test_neighbouring_slices(
    segmentation: StackSegmentationSettings, tmp_path: Path, options: dict[str, Any]
) -> None:
    reports, end = run(replace(segmentation, epochs=1, **options), tmp_path / "run")
    assert isinstance(end, Finished)
    model = MSDNetwork.from_checkpoint(RunFolder(tmp_path / "run").best)
    assert (model.c_in, model.ndim) == (options.get("input_slices", 1), options.get("ndim", 2))
    preview = only(reports, PreviewReady)[-1]
    volume = tifffile.imread(segmentation.stack)
    np.testing.assert_array_equal(preview.pictures["input"], volume[preview.at])
    assert "validation_iou" in only(reports, EpochDone)[0].metrics


def test_bfloat16_trains_parameters_of_single_precision(
    regression: StackRegressionSettings, tmp_path: Path
) -> None:
    config = replace(regression, epochs=1, precision=Precision.BF16)
    reports, end = run(config, tmp_path / "run")
    assert isinstance(end, Finished)
    whole, _ = run(replace(config, precision=Precision.FULL), tmp_path / "whole")
    losses = [only(each, StepDone)[0].loss for each in (reports, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    model = MSDNetwork.from_checkpoint(RunFolder(tmp_path / "run").best)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    with pytest.raises(SettingError, match="16-mixed"):
        replace(config, precision=Precision.FP16).validate()


@pytest.mark.parametrize("step", [5, 14, 20])
def test_a_run_that_goes_on_equals_one_that_never_stopped(
    regression: StackRegressionSettings, tmp_path: Path, step: int
) -> None:
    """Stopped within the first epoch, at its last step, and within the second."""
    whole, _ = run(regression, tmp_path / "whole")
    _, end = run(regression, tmp_path / "parts", stop_at=step)
    folder = RunFolder(tmp_path / "parts")
    assert end == Finished(folder.path, Reason.STOPPED)
    assert folder.best.exists() == (step > 14)
    assert folder.last.exists()
    assert {row.step for row in folder.metrics() if row.metric == "loss"} == set(range(1, step + 1))
    rest, end = run(regression, folder.path)
    assert end == Finished(folder.path, Reason.COMPLETED)
    assert not [part for part in only(rest, PartDone) if part.what == "Measuring brightness"]
    losses = {report.step: report.loss for report in only(whole, StepDone)}
    assert {report.step: report.loss for report in only(rest, StepDone)} == {
        number: loss for number, loss in losses.items() if number > step
    }
    assert only(rest, EpochDone) == only(whole, EpochDone)[-len(only(rest, EpochDone)) :]
    ours, theirs = (
        MSDNetwork.from_checkpoint(RunFolder(tmp_path / name).best) for name in ("parts", "whole")
    )
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_run_that_sigterm_ended_goes_on_with_the_same_bits(
    regression: StackRegressionSettings, tmp_path: Path
) -> None:
    whole, _ = run(regression, tmp_path / "whole")
    control, folder = Control(), RunFolder(tmp_path / "parts")

    def report(item: Report) -> None:
        if isinstance(item, StepDone) and item.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit) as end, interruptible(control):
        run_task(regression, folder.path, report, control)
    assert end.value.code == 143
    assert {row.step for row in folder.metrics()} == {1, 2, 3, 4, 5}
    rest, _ = run(regression, folder.path)
    assert only(rest, StepDone)[0].step == 6
    assert only(rest, EpochDone) == only(whole, EpochDone)


def test_an_discarded_run_leaves_nothing(regression: StackRegressionSettings, tmp_path: Path) -> None:
    control = Control()

    def report(item: Report) -> None:
        if isinstance(item, StepDone):
            control.discard()

    end = run_task(regression, tmp_path / "run", report, control)
    assert end == Finished(tmp_path / "run", Reason.DISCARDED)
    assert not (tmp_path / "run").exists()


def test_patience_ends_a_run(regression: StackRegressionSettings, tmp_path: Path) -> None:
    config = replace(regression, epochs=30, learning_rate=2.0, early_stopping_patience=2)
    reports, end = run(config, tmp_path / "run")
    assert isinstance(end, Finished)
    epochs = only(reports, EpochDone)
    best = max(report.epoch for report, saved in _saved(reports) if saved)
    assert len(epochs) == best + 2 < 30


def _saved(reports: list[Report]) -> list[tuple[EpochDone, bool]]:
    """Every epoch and whether it became the best."""
    found: list[tuple[EpochDone, bool]] = []
    for report in reports:
        if isinstance(report, EpochDone):
            found.append((report, False))
        elif isinstance(report, CheckpointSaved) and report.best:
            found[-1] = (found[-1][0], True)
    return found


def test_without_validation_the_training_loss_decides(
    regression: StackRegressionSettings, tmp_path: Path
) -> None:
    reports, _ = run(replace(regression, validation_fraction=0.0), tmp_path / "run")
    assert set(only(reports, EpochDone)[0].metrics) == {"training_loss", "learning_rate"}
    assert RunFolder(tmp_path / "run").best.exists()


def test_strips_change_nothing(regression: StackRegressionSettings, tmp_path: Path) -> None:
    config = replace(regression, epochs=1)
    (whole, _), (strips, _) = (
        run(replace(config, strip=strip), tmp_path / f"{strip}") for strip in (None, 7)
    )
    for one, other in zip(only(whole, StepDone), only(strips, StepDone), strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"depth": 4}, "started with another depth (3)"),
        ({"dilations": "1"}, "started with another dilations"),
    ],
)
def test_another_network_cannot_go_on(
    regression: StackRegressionSettings, tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    run(replace(regression, epochs=1), tmp_path / "run")
    _, end = run(replace(regression, **change), tmp_path / "run")
    assert isinstance(end, Failed)
    assert sentence in end.message


def test_other_labels_cannot_go_on(segmentation: StackSegmentationSettings, tmp_path: Path) -> None:
    run(replace(segmentation, epochs=1), tmp_path / "run")
    shutil.copy(segmentation.target, tmp_path / "labels.tif")
    tifffile.imwrite(
        tmp_path / "labels.tif", tifffile.imread(segmentation.target) // 5, photometric="minisblack"
    )
    _, end = run(replace(segmentation, target=tmp_path / "labels.tif"), tmp_path / "run")
    assert isinstance(end, Failed)
    assert "was started with another classes" in end.message


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"input_slices": 2}, "input_slices is 2 but must be odd"),
        ({"input_slices": 3, "ndim": 3}, "set input_slices to 1"),
        ({"dilations": "0-3"}, "dilations is '0-3'"),
        ({"dilations": "1,30"}, "goes up to 30, more than the crop_size 24"),
        ({"dilations": "39", "crop_size": 0}, "only 37 voxels wide"),
        ({"validation_slices": "8,9"}, "names slice 9"),
        ({"preview_slice": 9}, "preview_slice is 9"),
        ({"stack": Path("absent.tif")}, "stack names absent.tif"),
        ({"ndim": 3, "dilations": "8"}, "No run of training slices"),
    ],
)
def test_mistakes(
    regression: StackRegressionSettings, tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    _, end = run(replace(regression, **change), tmp_path / "run")
    assert isinstance(end, Failed)
    assert sentence in end.message


def test_stacks_of_other_sizes(regression: StackRegressionSettings, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "t.tif", np.zeros((9, 37, 40), np.uint8), photometric="minisblack")
    _, end = run(replace(regression, target=tmp_path / "t.tif"), tmp_path / "run")
    assert isinstance(end, Failed)
    assert "input.tif has 9 x 37 x 41 voxels (z, y, x) but t.tif has 9 x 37 x 40" in end.message


def test_too_few_validation_slices_for_volumes_are_told(
    segmentation: StackSegmentationSettings, tmp_path: Path
) -> None:
    config = replace(segmentation, ndim=3, dilations="3", epochs=1, validation_slices="7-8")
    reports, end = run(config, tmp_path / "run")
    assert isinstance(end, Finished)
    (warning,) = [each for each in only(reports, Message) if each.level is Level.WARNING]
    assert "validation slices are too few" in warning.text
