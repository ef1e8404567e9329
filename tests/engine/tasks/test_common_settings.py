"""Every common setting takes effect in every training that has it, and runs go on bit for bit wherever they stopped."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import torch

from wholefield.export.events import write_events_hdf5
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.labels import LabelClasses, Shape, rectangle, write_geojson
from wholefield.runs.control import Control
from wholefield.runs.reports import CheckpointSaved, EpochDone, Failed, Finished, Reason, Report, StepDone
from wholefield.tasks.events.settings import FlowSettings
from wholefield.tasks.registry import TASKS, run_task
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield.training.checkpoints import card_of, read_checkpoint
from wholefield.training.model_card import TRAINING, VALIDATION
from wholefield.training.settings import (
    Augmentation,
    ClassWeighting,
    Device,
    Optimizer,
    Precision,
    Schedule,
    TrainingSettings,
)

NAMES = [task.name for task in TASKS if task.trains]
COMMON: dict[str, Any] = {
    "epochs": 2, "warm_up_steps": 0, "learning_rate": 2e-3, "device": Device.CPU, "augmentation": Augmentation.NONE,
}  # fmt: skip


@pytest.fixture(scope="module")
def base(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrainingSettings]:
    """Small settings of every training."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    volume = random.normal(1000, 50, (4, 20, 24)).astype(np.float32)
    labels = np.where(volume > 1020, 255, 0).astype(np.uint8)
    arrays: dict[str, npt.NDArray[Any]] = {
        "input": volume, "target": 3 * volume - 500, "labels": labels,
        "other": volume + random.normal(0, 9, volume.shape),
    }  # fmt: skip
    for name, values in arrays.items():
        kind = np.uint8 if name == "labels" else np.float32
        tifffile.imwrite(folder / f"{name}.tif", values.astype(kind), photometric="minisblack")
    events, _ = simulate(SceneSettings(40, 32, 120_000, planes=1), 0)
    write_events_hdf5(folder / "clip.hdf5", [events], 40, 32)
    lines = ["file,mask"]
    for index in range(4):
        shutil.copy(slides / f"red{index}.tif", folder / f"{index}.tif")
        image = tifffile.imread(folder / f"{index}.tif")
        tifffile.imwrite(folder / f"{index}_mask.tif", (image[..., 1] < 100).astype(np.uint8))
        lines.append(f"{index}.tif,{index}_mask.tif")
    (folder / "masks.csv").write_text("\n".join(lines) + "\n")
    rows = [f"{color}{index}.tif,{color}" for color in ("blue", "red") for index in range(2)]
    (folder / "labels.csv").write_text(
        "\n".join(["file,label", *rows, "red2.tif,red", "red3.tif,red"]) + "\n"
    )
    strokes = folder / "0.geojson"
    classes = LabelClasses()
    drawn = [
        Shape(rectangle(x, y, 9, 9), classes.named(name).value)
        for name, x, y in (("cell", 3, 4), ("tissue", 20, 5), ("cell", 22, 20), ("tissue", 4, 22))
    ]
    write_geojson(strokes, drawn, classes)
    pair: dict[str, Any] = {"stack": folder / "input.tif", "depth": 2, "crop_size": 16, "crops": 2} | COMMON
    split = f"{folder / 'input.tif'};{folder / 'other.tif'}"
    crop = {"crop_size": 32, "tile_size": 64} | COMMON
    return {
        "classify": ClassifySettings(slides=slides, labels=folder / "labels.csv", validation_fraction=0.5, **crop),
        "segment": SegmentSettings(slides=folder, masks=folder / "masks.csv", width=4, depth=1, **crop),
        "segment-strokes": StrokesSettings(
            slide=folder / "0.tif", strokes=strokes, width=4, depth=1, crop_size=16, crops_per_epoch=4, batch_size=1,
            validation_fraction=0.5, schedule=Schedule.COSINE, **COMMON,
        ),
        "stack-regression": StackRegressionSettings(target=folder / "target.tif", **pair),
        "stack-segmentation": StackSegmentationSettings(target=folder / "labels.tif", **pair),
        "noise2inverse": Noise2InverseSettings(
            reconstructions=split, **{name: value for name, value in pair.items() if name != "stack"}
        ),
        "flow": FlowSettings(
            recordings=folder / "clip.hdf5", num_tbins=2, base=2, crop_size=24, scales=2, validation_fraction=0.25,
            **COMMON,
        ),
    }  # fmt: skip


class Trained:
    """A run and what came of it."""

    def __init__(
        self,
        settings: TrainingSettings,
        folder: Path,
        on_report: Callable[[Control, Report], None] | None = None,
    ) -> None:
        self.folder, self.reports, control = folder, list[Report](), Control()

        def report(item: Report) -> None:
            self.reports.append(item)
            if on_report is not None:
                on_report(control, item)

        self.end = run_task(settings, folder, report, control)

    @property
    def content(self) -> dict[str, Any]:
        """What last.ckpt holds."""
        assert isinstance(self.end, Finished), self.end
        return dict(read_checkpoint(self.folder / "last.ckpt"))

    @property
    def weights(self) -> torch.Tensor:
        """All floating-point weights in a row."""
        state = self.content["state_dict"].values()
        return torch.cat([each.flatten() for each in state if each.is_floating_point()])

    def count(self, kind: type[Report]) -> int:
        """How many reports of a kind came."""
        return sum(isinstance(report, kind) for report in self.reports)


@pytest.fixture(scope="module")
def plain(
    base: dict[str, TrainingSettings], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Trained]:
    """The run of a task with its small settings, made once."""
    made: dict[str, Trained] = {}

    def run(name: str) -> Trained:
        if name not in made:
            made[name] = Trained(base[name], tmp_path_factory.mktemp(name) / "run")
        return made[name]

    return run


CHANGES: dict[str, Any] = {
    "learning_rate": 1e-4,
    "schedule": Schedule.CONSTANT,
    "warm_up_steps": 2,
    "gradient_clipping": 1e-3,
    "augmentation": Augmentation.FLIPS,
    "seed": 5,
}


@pytest.mark.parametrize("setting", CHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_takes_effect(
    base: dict[str, TrainingSettings],
    plain: Callable[[str], Trained],
    tmp_path: Path,
    name: str,
    setting: str,
) -> None:
    changed = Trained(replace(base[name], **{setting: CHANGES[setting]}), tmp_path / "run")
    assert changed.weights.shape == plain(name).weights.shape
    assert not torch.equal(changed.weights, plain(name).weights)


@pytest.mark.parametrize("name", NAMES)
def test_the_optimizer_takes_effect(base: dict[str, TrainingSettings], tmp_path: Path, name: str) -> None:
    # With gradients as they are, plain descent diverges on values as large as those of a scan.
    adam, adamw, sgd = (
        Trained(replace(base[name], optimizer=each, gradient_clipping=1e-3), tmp_path / each)
        for each in (Optimizer.ADAM, Optimizer.ADAMW, Optimizer.SGD)
    )
    assert not torch.equal(adam.weights, adamw.weights)
    assert not torch.equal(adam.weights, sgd.weights)


@pytest.mark.parametrize("name", ["classify", "segment", "stack-segmentation"])
def test_class_weighting_takes_effect(base: dict[str, TrainingSettings], tmp_path: Path, name: str) -> None:
    options: list[dict[str, Any]] = [{"class_weighting": weighting} for weighting in ClassWeighting]
    runs = [
        Trained(replace(base[name], **option), tmp_path / str(index)) for index, option in enumerate(options)
    ]
    assert not torch.equal(runs[0].weights, runs[1].weights)


@pytest.mark.parametrize("name", NAMES)
def test_batches_accumulation_and_epochs(
    base: dict[str, TrainingSettings], plain: Callable[[str], Trained], tmp_path: Path, name: str
) -> None:
    steps = plain(name).count(StepDone)
    batches = Trained(replace(base[name], batch_size=2), tmp_path / "batches")
    assert batches.count(StepDone) == 2 * -(-steps // 4)
    several = Trained(replace(base[name], gradient_accumulation=2), tmp_path / "several")
    assert several.count(StepDone) == steps
    assert several.content["global_step"] == 2 * -(-steps // 4)
    assert plain(name).content["global_step"] == steps
    assert Trained(replace(base[name], epochs=1), tmp_path / "short").count(EpochDone) == 1


@pytest.mark.parametrize("name", NAMES)
def test_early_stopping_counts_on_the_validation(
    base: dict[str, TrainingSettings], tmp_path: Path, name: str
) -> None:
    settings = replace(base[name], epochs=5, learning_rate=1e-12, early_stopping_patience=1)
    stopped = Trained(settings, tmp_path / "run")
    assert stopped.end == Finished(tmp_path / "run", Reason.COMPLETED)
    assert stopped.count(EpochDone) < 5


@pytest.mark.parametrize("name", NAMES)
def test_a_plateau_lowers_the_learning_rate(
    base: dict[str, TrainingSettings], tmp_path: Path, name: str
) -> None:
    settings = replace(
        base[name],
        epochs=4,
        learning_rate=1e-12,
        schedule=Schedule.PLATEAU,
        schedule_epochs=1,
        schedule_factor=0.5,
    )
    rates = [
        report.metrics["learning_rate"]
        for report in Trained(settings, tmp_path / "run").reports
        if isinstance(report, EpochDone)
    ]
    assert rates[0] == pytest.approx(1e-12)
    assert rates[-1] <= 0.5e-12


@pytest.mark.parametrize("name", NAMES)
def test_precision(base: dict[str, TrainingSettings], tmp_path: Path, name: str) -> None:
    double = Trained(replace(base[name], epochs=1, precision=Precision.DOUBLE), tmp_path / "double")
    assert double.weights.dtype == torch.float64
    mixed = Trained(replace(base[name], epochs=1, precision=Precision.BF16), tmp_path / "mixed")
    assert mixed.weights.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_initial_weights_are_started_from(
    base: dict[str, TrainingSettings], plain: Callable[[str], Trained], tmp_path: Path, name: str
) -> None:
    first = plain(name)
    state = {key.removeprefix("network."): value for key, value in first.content["state_dict"].items()}
    torch.save(state, tmp_path / "weights.pth")
    for path in (first.folder / "last.ckpt", tmp_path / "weights.pth"):
        settings = replace(base[name], epochs=1, learning_rate=1e-12, initial_weights=str(path))
        again = Trained(settings, tmp_path / path.stem)
        torch.testing.assert_close(again.weights, first.weights, rtol=0, atol=1e-6)
    absent = Trained(replace(base[name], initial_weights="absent.ckpt"), tmp_path / "absent")
    assert isinstance(absent.end, Failed)
    assert "absent.ckpt does not exist" in absent.end.message


@pytest.mark.parametrize("name", NAMES)
def test_a_run_goes_on_from_a_checkpoint_within_an_epoch(
    base: dict[str, TrainingSettings], plain: Callable[[str], Trained], tmp_path: Path, name: str
) -> None:
    """As after a crash: only the checkpoint of the third step is left."""
    (tmp_path / "part").mkdir()
    saved = []

    def copy(control: Control, report: Report) -> None:
        if isinstance(report, CheckpointSaved) and not report.best:
            saved.append(report)
            if len(saved) == 4:
                shutil.copy(report.path, tmp_path / "part" / "last.ckpt")

    settings = replace(base[name], checkpoint_minutes=1e-9)
    often = Trained(settings, tmp_path / "often", copy)
    assert often.count(CheckpointSaved) > plain(name).count(CheckpointSaved)
    rest = Trained(base[name], tmp_path / "part")
    assert 0 < rest.count(StepDone) < plain(name).count(StepDone)
    assert torch.equal(often.weights, plain(name).weights)
    assert torch.equal(rest.weights, plain(name).weights)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_accumulates_gradients_goes_on(
    base: dict[str, TrainingSettings], tmp_path: Path, name: str, step: int
) -> None:
    settings = replace(base[name], gradient_accumulation=2, epochs=1)

    def stop(control: Control, report: Report) -> None:
        if isinstance(report, StepDone) and report.step == step:
            control.stop_and_keep()

    whole = Trained(settings, tmp_path / "whole")
    Trained(settings, tmp_path / "part", stop)
    rest = Trained(settings, tmp_path / "part")
    assert torch.equal(rest.weights, whole.weights)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_was_trained(plain: Callable[[str], Trained], name: str) -> None:
    card = card_of(plain(name).folder / "last.ckpt")
    assert (card.task, card.epoch) == (name, 2)
    assert any(metric.startswith("validation_") for metric in card.metrics)
    assert {file.use for file in card.data} == {TRAINING, VALIDATION}
    assert all(file.size > 0 and file.name for file in card.data)
    assert set(card.versions) == {"wholefield", "torch"}
    assert card.license == ""
    lines = dict(card.lines())
    assert lines["task"] == name
    assert lines["license"] == "not stated"
