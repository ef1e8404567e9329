"""Flow runs from settings to checkpoint to flow files; stop, resume, teachers."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch

from wholefield.export.flow import FlowFile, labels_path, read_dsec_png, read_flo
from wholefield.flow.features import write_features
from wholefield.flow.predictor import FlowPredictor
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    PartDone,
    PreviewReady,
    Reason,
    Report,
    Started,
    StepDone,
)
from wholefield.sources.events.opening import open_recording
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.tasks.events.settings import FlowFormat, FlowPredictSettings, FlowSettings, Teacher
from wholefield.tasks.events.train import some
from wholefield.tasks.events.training import CARRIED
from wholefield.tasks.registry import run_task
from wholefield.training.checkpoints import read_checkpoint
from wholefield.training.settings import Device

DELTA_T = 10_000
Kind = TypeVar("Kind")


@pytest.fixture
def config(clip: Path) -> FlowSettings:
    return FlowSettings(
        recordings=clip,
        delta_t=DELTA_T,
        num_tbins=2,
        base=2,
        crop_size=24,
        epochs=2,
        validation_fraction=0.25,
    )


def run(config: FlowSettings | FlowPredictSettings, folder: Path) -> list[Report]:
    reports: list[Report] = []
    run_task(config, folder, reports.append, Control())
    return reports


def of(reports: list[Report], kind: type[Kind]) -> list[Kind]:
    return [report for report in reports if isinstance(report, kind)]


@pytest.mark.parametrize("teacher", list(Teacher))
def test_every_teacher_trains_and_reports(config: FlowSettings, tmp_path: Path, teacher: Teacher) -> None:
    reports = run(replace(config, teacher=teacher, contrast_events=500), tmp_path / "run")
    assert reports[-1] == Finished(tmp_path / "run", Reason.COMPLETED)
    (started,) = of(reports, Started)
    steps = of(reports, StepDone)
    assert len(steps) == started.steps == 12
    term = {Teacher.FRAMES: "bw_deblur", Teacher.CONTRAST: "contrast", Teacher.LABELS: "labels"}[teacher]
    for step in steps:
        assert set(step.terms) == {term, "smoothness2"}
        assert sum(step.terms.values()) == pytest.approx(step.loss)
    for epoch in of(reports, EpochDone):
        assert {
            "training_loss",
            "validation_loss",
            "validation_aee",
            "validation_aee_of_zero",
            "learning_rate",
        } == set(epoch.metrics)
    names = {row.metric for row in RunFolder(tmp_path / "run").metrics()}
    assert {"loss", f"loss_{term}"} <= names


def test_previews_come_before_and_after_every_epoch(config: FlowSettings, tmp_path: Path) -> None:
    previews = of(run(config, tmp_path / "run"), PreviewReady)
    assert [preview.epoch for preview in previews] == [0, 1, 2]
    assert not np.array_equal(previews[0].pictures["flow"], previews[2].pictures["flow"])
    for preview in previews:
        assert preview.pictures["flow"].shape == (2, 32, 40)
        assert preview.pictures["events"].shape == (32, 40, 3)
        assert preview.pictures["mask"].shape == (32, 40)
        assert preview.pictures["mask"].any()
        assert preview.at == 140_000


def stopped(config: FlowSettings, folder: Path, step: int) -> None:
    """The run, stopped after a step and kept."""
    control = Control()

    def stop(report: Report) -> None:
        if isinstance(report, StepDone) and report.step == step:
            control.stop_and_keep()

    assert run_task(config, folder, stop, control) == Finished(folder, Reason.STOPPED)


@pytest.mark.parametrize("step", [5, 6, 8, 10])
def test_a_stopped_run_goes_on_to_the_same_end(config: FlowSettings, tmp_path: Path, step: int) -> None:
    # The second epoch, from step 7 on, is one sequence: what was carried is needed in the middle of it.
    config = replace(config, curriculum=6.0, device=Device.CPU)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(config, whole)
    stopped(config, parts, step)
    run(config, parts)
    a, b = (read_checkpoint(folder / "last.ckpt")["state_dict"] for folder in (whole, parts))
    for name in a:
        torch.testing.assert_close(b[name], a[name], rtol=0, atol=0)


def test_a_checkpoint_without_what_was_carried_goes_on_afresh(config: FlowSettings, tmp_path: Path) -> None:
    config = replace(config, curriculum=6.0, device=Device.CPU)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(config, whole)
    stopped(config, parts, 8)
    content = dict(read_checkpoint(parts / "last.ckpt"))
    assert all(state is not None and bool(state[0].any()) for state in content.pop(CARRIED))
    torch.save(content, parts / "last.ckpt")
    assert run(config, parts)[-1] == Finished(parts, Reason.COMPLETED)
    a, b = (read_checkpoint(folder / "last.ckpt")["state_dict"] for folder in (whole, parts))
    assert any(not torch.equal(b[name], a[name]) for name in a)


def test_another_network_cannot_go_on(config: FlowSettings, tmp_path: Path) -> None:
    run(replace(config, epochs=1), tmp_path / "run")
    (*_, end) = run(replace(config, base=4), tmp_path / "run")
    assert isinstance(end, Failed)
    assert "another base (2)" in end.message


@pytest.fixture(scope="module")
def checkpoint(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    config = FlowSettings(recordings=clip, delta_t=DELTA_T, num_tbins=2, base=2, crop_size=24, epochs=1)
    run_task(config, folder, lambda report: None, Control())
    return folder / "best.ckpt"


def test_flow_files(clip: Path, checkpoint: Path, tmp_path: Path) -> None:
    config = FlowPredictSettings(recording=clip, checkpoint=checkpoint, start_us=20_000, end_us=55_000)
    reports = run(config, tmp_path / "run")
    assert reports[-1] == Finished(tmp_path / "run", Reason.COMPLETED)
    assert [part.done for part in of(reports, PartDone)] == [1, 2, 3, 4]
    with FlowFile(tmp_path / "run" / "clip_flow.h5") as file:
        assert file.shape == (4, 2, 32, 40)
        assert file.delta_t == DELTA_T
        stored = [file.read(index) for index in range(4)]
    assert np.isfinite(stored).all()
    for format, read, tolerance in (
        (FlowFormat.FLO, read_flo, 1e-6),
        (FlowFormat.PNG, read_dsec_png, 1 / 128),
    ):
        run(replace(config, format=format), tmp_path / format)
        files = sorted((tmp_path / format / "clip_flow").iterdir())
        assert len(files) == 4
        for file_path, expected in zip(files, stored, strict=True):
            np.testing.assert_allclose(read(file_path)[0], expected, atol=tolerance)


@pytest.mark.parametrize("teacher", list(Teacher))
def test_a_halved_sensor_gives_flow_at_the_size_of_the_whole_one(
    config: FlowSettings, tmp_path: Path, teacher: Teacher
) -> None:
    config = replace(config, teacher=teacher, epochs=1, downsampling=1, crop_size=15)
    reports = run(config, tmp_path / "run")
    assert reports[-1] == Finished(tmp_path / "run", Reason.COMPLETED)
    (epoch,) = of(reports, EpochDone)
    with FlowFile(labels_path(config.recordings)) as file:
        truth = np.mean([np.hypot(*file.read(index)).mean() for index in range(12, 16)])
    # Labels are in px of what the network sees: half as long.
    assert epoch.metrics["validation_aee_of_zero"] == pytest.approx(truth / 2, rel=0.02)
    network, card = load_flow(tmp_path / "run" / "best.ckpt")
    preview = of(reports, PreviewReady)[-1]
    assert preview.pictures["flow"].shape == (2, 16, 20)
    with open_recording(config.recordings) as recording, torch.no_grad():
        features = torch.from_numpy(input_of(card).features(recording, 120_000, 2))[:, None]
        wanted = network(features)[-1][-1, 0].numpy() * 2 * 1e6 / DELTA_T
        found = FlowPredictor(network, input_of(card), recording, warm_up=1, section=1).flow_at(140_000)
    np.testing.assert_allclose(preview.pictures["flow"], wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())
    assert found.shape == (2, 32, 40)
    np.testing.assert_allclose(found[:, 0, 0], wanted[:, 0, 0], rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_a_checkpoint_holds_what_prediction_needs(checkpoint: Path) -> None:
    network, card = load_flow(checkpoint)
    assert not network.training
    assert (card.input.representation, card.input.time_bin_us, card.input.channels) == (
        "event_cube",
        DELTA_T,
        6,
    )
    assert float(network.scale) > 0


Change = Callable[[FlowSettings, Path], FlowSettings]


def _features(config: FlowSettings, folder: Path) -> FlowSettings:
    with open_recording(config.recordings) as recording:
        write_features(folder / "clip.h5", recording, "event_cube", DELTA_T)
    return replace(config, recordings=folder / "clip.h5", teacher=Teacher.CONTRAST)


def _unlabelled(config: FlowSettings, folder: Path) -> FlowSettings:
    shutil.copy(config.recordings, folder / "other.hdf5")
    return replace(config, recordings=folder / "other.hdf5", teacher=Teacher.LABELS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_features, "features but no events"),
        (_unlabelled, "no labels other_flow.h5"),
        (lambda config, folder: replace(config, recordings=folder), "no recordings or feature files"),
        (lambda config, folder: replace(config, num_tbins=40), "No file has 40 time bins"),
        (lambda config, folder: replace(config, crop_size=64), "smaller than crop_size 64"),
    ],
)
def test_what_cannot_work_is_told_in_a_sentence(
    config: FlowSettings, tmp_path: Path, change: Change, words: str
) -> None:
    (tmp_path / "data").mkdir()
    (*_, end) = run(change(config, tmp_path / "data"), tmp_path / "run")
    assert isinstance(end, Failed)
    assert words in end.message
    assert end.message.endswith(".")


def test_some_events_are_spread_over_all() -> None:
    events = torch.arange(100.0).view(100, 1)
    assert some(events, 200) is events
    assert some(events, 5).flatten().tolist() == [0, 24, 49, 74, 99]
