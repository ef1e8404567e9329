"""Real, tiny training runs: they learn, obey, keep what they learned, and go on where they stopped."""

import csv
import json
import math
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import tifffile
import torch

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    Direction,
    EpochDone,
    Failed,
    Finished,
    Message,
    Reason,
    Report,
    Started,
    StepDone,
    TileDone,
)
from wholefield.tasks.registry import run_task, settings_of
from wholefield.tasks.slides.classify import SlideClassification
from wholefield.tasks.slides.models.classifier import load_classifier
from wholefield.tasks.slides.predict import predict_slide
from wholefield.tasks.slides.settings import ClassifySettings, Head, PredictSettings
from wholefield.training.settings import Device, Precision

Kind = TypeVar("Kind")


def settings_for(slides: Path) -> ClassifySettings:
    return ClassifySettings(
        slides=slides, labels=slides / "labels.csv", tile_size=64, epochs=4, validation_fraction=0.34
    )


@pytest.fixture
def config(slides: Path) -> ClassifySettings:
    return settings_for(slides)


class Run:
    """One execution, its reports, and a hook that sees every report before the run goes on."""

    def __init__(
        self, config: ClassifySettings, folder: Path, hook: Callable[["Run", Report], None] | None = None
    ):
        self.control = Control()
        self.reports: list[Report] = []
        self.hook = hook
        self.folder = RunFolder(folder)
        self.end = run_task(config, folder, self._report, self.control)

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        if self.hook:
            self.hook(self, report)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [report for report in self.reports if isinstance(report, kind)]

    def losses(self) -> list[float]:
        return [report.loss for report in self.of(StepDone)]


def once(kind: type[Report], number: int, action: str) -> Callable[[Run, Report], None]:
    """A hook that calls an action of the control at the n-th report of a kind."""

    def hook(run: Run, report: Report) -> None:
        if isinstance(report, kind) and len(run.of(kind)) == number:
            getattr(run.control, action)()

    return hook


@pytest.fixture(scope="module")
def run(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of five epochs from start to end."""
    return Run(replace(settings_for(slides), epochs=5), tmp_path_factory.mktemp("run") / "new")


class TestWholeRun:
    def test_completes(self, run: Run) -> None:
        assert run.end == Finished(run.folder.path, Reason.COMPLETED) == run.reports[-1]
        assert run.reports[0] == Started("classify", run.folder.path, 40, 5, ("blue", "red"))

    def test_learns(self, run: Run) -> None:
        epochs = run.of(EpochDone)
        assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4, 5]
        assert epochs[-1].metrics["validation_loss"] < 0.3 * epochs[0].metrics["validation_loss"]
        assert epochs[-1].metrics["validation_accuracy"] == 1.0

    def test_counts_steps_and_time(self, run: Run) -> None:
        steps = run.of(StepDone)
        assert [(report.step, report.steps, report.epochs) for report in steps] == [
            (step, 40, 5) for step in range(1, 41)
        ]
        assert [report.epoch for report in steps] == [1 + index // 8 for index in range(40)]
        assert all(report.seconds_left is not None and report.seconds_left > 0 for report in steps[:-1])
        assert steps[-1].seconds_left == 0

    def test_reports_each_tile_of_each_sweep_once(self, run: Run, slides: Path) -> None:
        tiles = run.of(TileDone)
        # 3 x 3 tiles; training visits 8 slides forward and back, validation 4 forward, in each of 5 epochs.
        assert len(tiles) == 5 * (8 * 2 + 4) * 9
        assert [tile.index for tile in tiles[:9]] == [(y, x) for y in range(3) for x in range(3)]
        assert [tile.index for tile in tiles[9:18]] == [(y, x) for y in (2, 1, 0) for x in (2, 1, 0)]
        assert {tile.sweep for tile in tiles[9:18]} == {Direction.REVERSE}
        assert tiles[8].box == ((128, 131), (128, 150))
        assert {tile.slide.parent for tile in tiles} == {slides}

    def test_files(self, run: Run) -> None:
        rows = list(csv.DictReader(run.folder.metrics_file.read_text().splitlines()))
        assert [float(row["value"]) for row in rows if row["metric"] == "loss"] == run.losses()
        accuracies = [float(row["value"]) for row in rows if row["metric"] == "validation_accuracy"]
        assert accuracies == [epoch.metrics["validation_accuracy"] for epoch in run.of(EpochDone)]
        assert "Ended: completed." in run.folder.log_file.read_text()
        assert {path.name for path in run.folder.path.iterdir()} == {
            "config.json", "metrics.csv", "log.txt", "best.ckpt", "last.ckpt", "split.json", "provenance.json",
            "events.out.tfevents.000000",
        }  # fmt: skip

    def test_best_is_the_epoch_with_the_best_score(self, run: Run) -> None:
        scores = [
            (epoch.metrics["validation_accuracy"], -epoch.metrics["validation_loss"])
            for epoch in run.of(EpochDone)
        ]
        saved = [report.best for report in run.of(CheckpointSaved)]
        assert saved.count(False) == 5
        assert saved.count(True) == len([s for i, s in enumerate(scores) if not i or s > max(scores[:i])])
        best = torch.load(run.folder.best, weights_only=True)
        assert best["epoch"] == scores.index(max(scores))

    def test_checkpoint_describes_its_classifier(self, run: Run) -> None:
        classifier, card = load_classifier(run.folder.best, 64)
        assert (card.architecture, card.names, card.input.level) == ("small_cnn", ("blue", "red"), 0)
        assert card.input.spacing == pytest.approx((0.5, 0.5))
        assert not classifier.network.training


def test_same_seed_same_run(config: ClassifySettings, tmp_path: Path) -> None:
    runs = [Run(replace(config, epochs=1, seed=seed), tmp_path / str(n)) for n, seed in enumerate((3, 3, 4))]
    assert runs[0].losses() == runs[1].losses()
    assert runs[0].losses() != runs[2].losses()


def test_streaming_changes_nothing(config: ClassifySettings, tmp_path: Path) -> None:
    config = replace(config, epochs=1, precision=Precision.DOUBLE)
    whole = Run(replace(config, tile_size=1000), tmp_path / "whole").losses()
    tiles = Run(replace(config, tile_size=37), tmp_path / "tiles").losses()
    assert tiles == pytest.approx(whole, rel=1e-6)


def test_three_classes_levels_crops_and_accumulation(
    config: ClassifySettings, slides: Path, tmp_path: Path
) -> None:
    run = Run(
        replace(
            config,
            labels=slides / "labels3.csv",
            level=1,
            crop_size=40,
            crops_per_slide=2,
            gradient_accumulation=3,
            epochs=1,
        ),
        tmp_path / "run",
    )
    assert isinstance(run.end, Finished)
    assert run.of(Started)[0].classes == ("blue", "green", "red")
    assert len(run.of(StepDone)) == 2 * 12
    state = torch.load(run.folder.last, weights_only=True)
    assert state["global_step"] == 8
    boxes = [tile.box for tile in run.of(TileDone) if tile.sweep is Direction.REVERSE]
    assert all(79 <= stop - start <= 81 for box in boxes for start, stop in box)
    assert len(set(boxes)) > 12


def test_attention_head(config: ClassifySettings, tmp_path: Path) -> None:
    run = Run(replace(config, head=Head.ATTENTION), tmp_path / "run")
    assert run.of(EpochDone)[-1].metrics["validation_accuracy"] == 1.0
    classifier, card = load_classifier(run.folder.best, 64)
    assert card.arguments["head"] == Head.ATTENTION
    with torch.no_grad():
        logits, maps = classifier.evidence(torch.rand(1, 3, 99, 130))
    torch.testing.assert_close(maps.mean((2, 3)), logits, rtol=1e-4, atol=1e-4)


def test_bf16(config: ClassifySettings, tmp_path: Path) -> None:
    run = Run(replace(config, epochs=1, precision=Precision.BF16), tmp_path / "run")
    assert isinstance(run.end, Finished)
    assert all(0 < loss < 5 for loss in run.losses())


def test_resnet_is_calibrated_and_keeps_its_statistics(config: ClassifySettings, tmp_path: Path) -> None:
    run = Run(replace(config, model="resnet18", epochs=1), tmp_path / "run")
    assert isinstance(run.end, Finished)
    assert any("Measured the normalization" in report.text for report in run.of(Message))
    state = torch.load(run.folder.last, weights_only=True)["state_dict"]
    assert state["network.bn1.num_batches_tracked"] == 8
    assert all(math.isfinite(loss) for loss in run.losses())


class TestStopping:
    @pytest.mark.parametrize("kind", [StepDone, TileDone])
    def test_stop_and_keep_leaves_a_usable_model(
        self, config: ClassifySettings, tmp_path: Path, kind: type[Report]
    ) -> None:
        run = Run(config, tmp_path / "run", once(kind, 12, "stop_and_keep"))
        assert run.end == Finished(run.folder.path, Reason.STOPPED)
        assert isinstance(run.reports[-2], CheckpointSaved)
        unvalidated = [report for report in run.of(Message) if "Nothing was validated yet" in report.text]
        assert bool(unvalidated) == (not run.of(EpochDone)) == (not run.folder.best.exists())
        for path in filter(Path.exists, (run.folder.last, run.folder.best)):
            classifier, _ = load_classifier(path, 64)
            assert classifier.logits(torch.zeros(1, 3, 70, 70)).isfinite().all()

    def test_stop_is_obeyed_at_the_next_tile(self, config: ClassifySettings, tmp_path: Path) -> None:
        run = Run(config, tmp_path / "run", once(TileDone, 12, "stop_and_keep"))
        assert len(run.of(TileDone)) == 12

    def test_discard_removes_the_folder(self, config: ClassifySettings, tmp_path: Path) -> None:
        run = Run(config, tmp_path / "run", once(TileDone, 5, "discard"))
        assert run.end == Finished(run.folder.path, Reason.DISCARDED)
        assert not run.folder.path.exists()

    def test_discarding_a_continued_run_keeps_the_earlier_part(
        self, config: ClassifySettings, tmp_path: Path
    ) -> None:
        run = Run(config, tmp_path / "run", once(StepDone, 10, "stop_and_keep"))
        before = run.folder.last.read_bytes()
        again = Run(config, tmp_path / "run", once(TileDone, 5, "discard"))
        assert again.end == Finished(run.folder.path, Reason.DISCARDED)
        assert run.folder.last.read_bytes() == before

    def test_pause_waits_in_the_middle_of_an_epoch(self, config: ClassifySettings, tmp_path: Path) -> None:
        paused, helpers = threading.Event(), list[threading.Thread]()

        def resume(control: Control) -> None:
            paused.wait(0.2)
            control.resume()

        def pause(run: Run, report: Report) -> None:
            if isinstance(report, TileDone) and len(run.of(TileDone)) == 40:
                run.control.pause()
                helper = threading.Thread(target=resume, args=(run.control,))
                helper.start()
                helpers.append(helper)

        run = Run(replace(config, epochs=1), tmp_path / "run", pause)
        (helper,) = helpers
        helper.join()
        plain = Run(replace(config, epochs=1), tmp_path / "plain")
        assert run.losses() == plain.losses()


@pytest.fixture(scope="module")
def uninterrupted(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of three epochs from start to end."""
    return Run(replace(settings_for(slides), epochs=3), tmp_path_factory.mktemp("run") / "plain")


class TestResuming:
    @pytest.mark.parametrize(
        ("kind", "number"),
        [(StepDone, 3), (StepDone, 8), (TileDone, 30), (EpochDone, 1), (TileDone, 150), (StepDone, 16)],
        ids=[
            "within epoch 1",
            "end of epoch 1",
            "within a step",
            "after epoch 1",
            "in validation",
            "end of epoch 2",
        ],
    )
    def test_goes_on_as_if_never_stopped(
        self,
        config: ClassifySettings,
        uninterrupted: Run,
        tmp_path: Path,
        kind: type[Report],
        number: int,
    ) -> None:
        config, plain = replace(config, epochs=3), uninterrupted
        first = Run(config, tmp_path / "run", once(kind, number, "stop_and_keep"))
        second = Run(config, tmp_path / "run")
        assert first.end == Finished(first.folder.path, Reason.STOPPED)
        assert second.end == Finished(first.folder.path, Reason.COMPLETED)
        assert first.losses() + second.losses() == pytest.approx(plain.losses(), rel=1e-5)
        logged = [row.value for row in second.folder.metrics() if row.metric == "loss"]
        assert logged == first.losses() + second.losses()
        epochs = [(row.epoch, row.metric) for row in second.folder.metrics() if row.metric != "loss"]
        assert epochs == [(row.epoch, row.metric) for row in plain.folder.metrics() if row.metric != "loss"]

    def test_more_epochs_of_a_completed_run(self, config: ClassifySettings, tmp_path: Path) -> None:
        Run(replace(config, epochs=1), tmp_path / "run")
        second = Run(replace(config, epochs=2), tmp_path / "run")
        settings = settings_of(second.folder)
        assert isinstance(settings, ClassifySettings)
        assert settings.epochs == 2
        assert [report.step for report in second.of(StepDone)] == list(range(9, 17))

    def test_another_model_is_refused(self, config: ClassifySettings, tmp_path: Path) -> None:
        Run(config, tmp_path / "run", once(StepDone, 2, "stop_and_keep"))
        second = Run(replace(config, model="resnet18"), tmp_path / "run")
        assert isinstance(second.end, Failed)
        assert "started with another model (small_cnn)" in second.end.message
        assert settings_of(second.folder) == config


class TestFailures:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"epochs": 0}, "epochs is 0"),
            ({"level": 7}, "has levels up to 1; the setting level cannot be 7"),
            ({"precision": Precision.FP16, "device": Device.CPU}, "16-mixed needs a CUDA device"),
            ({"initial_weights": "/nowhere.pth"}, "/nowhere.pth does not exist"),
        ],
    )
    def test_settings(
        self, config: ClassifySettings, tmp_path: Path, change: dict[str, Any], sentence: str
    ) -> None:
        run = Run(replace(config, **change), tmp_path / "run")
        assert isinstance(run.end, Failed)
        assert sentence in run.end.message
        assert run.reports[-1] == run.end

    def test_damaged_slide(self, config: ClassifySettings, tmp_path: Path) -> None:
        for name in "abcd":
            (tmp_path / f"{name}.tif").write_bytes(f"no picture {name}".encode())
        labels = tmp_path / "labels.csv"
        labels.write_text("file,label\na.tif,x\nb.tif,x\nc.tif,y\nd.tif,y\n")
        run = Run(replace(config, slides=tmp_path, labels=labels), tmp_path / "run")
        assert isinstance(run.end, Failed)
        assert ".tif" in run.end.message

    def test_the_unexpected_is_told_and_logged(
        self, config: ClassifySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(self: SlideClassification, item: object, index: int) -> None:
            raise ZeroDivisionError("by accident")

        monkeypatch.setattr(SlideClassification, "training_step", broken)
        run = Run(config, tmp_path / "run")
        assert isinstance(run.end, Failed)
        assert "ZeroDivisionError: by accident" in run.end.message
        assert "Traceback" in run.folder.log_file.read_text()


def test_runs_in_a_thread_and_prints_nothing(
    config: ClassifySettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs: list[Run] = []
    thread = threading.Thread(target=lambda: runs.append(Run(replace(config, epochs=1), tmp_path / "run")))
    thread.start()
    thread.join(300)
    assert runs[0].end == Finished(tmp_path / "run", Reason.COMPLETED)
    assert capfd.readouterr() == ("", "")


def test_rows_that_are_added_change_no_side(
    config: ClassifySettings, slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths, a longer table, another share, and a resume from another folder."""
    lines = (slides / "labels.csv").read_text().splitlines()
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(lines[:9]) + "\n")
    monkeypatch.chdir(tmp_path)
    shared = os.path.relpath(slides, tmp_path)
    first = Run(replace(config, slides=Path(shared), labels=Path("labels.csv"), epochs=1), Path("runs/one"))
    assert isinstance(first.end, Finished)
    folder = RunFolder(tmp_path / "runs" / "one")
    before = json.loads((folder.path / "split.json").read_text())
    assert len(before["training"]) + len(before["validation"]) == 8

    table.write_text("\n".join(lines) + "\n")
    values = json.loads(folder.settings_file.read_text())
    folder.settings_file.write_text(
        json.dumps(values | {"epochs": 2, "validation_fraction": 0.25, "seed": 5})
    )
    monkeypatch.chdir("/")
    second = Run(settings_of(folder), folder.path)  # type: ignore[arg-type]
    assert isinstance(second.end, Finished), second.end
    after = json.loads((folder.path / "split.json").read_text())
    assert set(before["training"]) < set(after["training"])
    assert set(before["validation"]) <= set(after["validation"])
    assert not set(after["training"]) & set(after["validation"])
    assert len(after["training"]) + len(after["validation"]) == 12
    texts = [message.text for message in second.of(Message)]
    assert any(text.startswith("4 slides are new since the earlier part of the run") for text in texts)


def test_pixels_that_are_not_numbers_are_said_and_filled(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = ["file;label"]
    for number in range(8):
        image = random.uniform(0, 0.4 + 0.5 * (number % 2), (48, 40, 3)).astype(np.float32)
        image[:7, :, number % 3] = np.nan
        tifffile.imwrite(tmp_path / f"{number}.tif", image, photometric="rgb")
        rows.append(f"{number}.tif;{'ab'[number % 2]}")
    (tmp_path / "labels.csv").write_text("\r\n".join(rows))
    config = ClassifySettings(slides=tmp_path, labels=tmp_path / "labels.csv", tile_size=32, epochs=1)
    run = Run(config, tmp_path / "run")
    assert isinstance(run.end, Finished), run.end
    assert np.isfinite(run.losses()).all()
    texts = [message.text for message in run.of(Message)]
    assert any(text.startswith(f"{8 * 7 * 40:,} pixels of the slides are not numbers") for text in texts)
    reports: list[Report] = []
    predict = PredictSettings(slide=tmp_path / "1.tif", checkpoint=run.folder.best, tile_size=32)
    found = predict_slide(predict, reports.append, Control())
    assert np.isfinite(found.probabilities).all()
    (said,) = [report.text for report in reports if isinstance(report, Message)]
    assert said.startswith(
        "280 pixels of 1.tif are not numbers; the network was given the mean in their place"
    )
