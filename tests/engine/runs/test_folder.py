"""The run folder: unique names, metrics that survive a crash, nothing half-written."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError, SourceError
from wholefield.runs.folder import MetricRow, RunFolder, past_runs
from wholefield.tasks.registry import settings_of
from wholefield.tasks.slides.settings import ClassifySettings

NOON = datetime(2026, 3, 4, 12, 0, 5)


@pytest.fixture
def config(tmp_path: Path) -> ClassifySettings:
    return ClassifySettings(slides=tmp_path, labels=tmp_path / "labels.csv", epochs=3)


@pytest.fixture
def folder(tmp_path: Path, config: ClassifySettings) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", config, NOON)


def values(folder: RunFolder) -> list[tuple[int, int, str, float]]:
    return [(row.epoch, row.step, row.metric, row.value) for row in folder.metrics()]


def test_is_named_by_time_and_task_and_never_twice(tmp_path: Path, config: ClassifySettings) -> None:
    names = [RunFolder.create(tmp_path / "deep" / "runs", config, NOON).path.name for _ in range(3)]
    assert names == [f"2026-03-04_12-00-05_classify{end}" for end in ("", "_2", "_3")]


def test_holds_the_settings(folder: RunFolder, config: ClassifySettings) -> None:
    assert settings_of(folder) == config


def test_parent_that_cannot_be(tmp_path: Path, config: ClassifySettings) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="No run folder can be created in"):
        RunFolder.create(tmp_path / "file" / "runs", config)
    with pytest.raises(SourceError, match="cannot be created"):
        RunFolder.prepare(tmp_path / "file" / "run", config)


def test_prepare_keeps_what_is_there(folder: RunFolder, config: ClassifySettings) -> None:
    folder.last.write_bytes(b"weights")
    other = replace(config, epochs=9)
    assert RunFolder.prepare(folder.path, other).last.read_bytes() == b"weights"
    assert settings_of(folder) == config


def test_metrics_are_appended_and_exact(folder: RunFolder) -> None:
    assert folder.metrics() == []
    folder.add_metrics(1, 1, {"loss": 0.1})
    folder.add_metrics(1, 2, {"loss": 1e-300, "validation_accuracy": 1 / 3})
    assert values(folder) == [
        (1, 1, "loss", 0.1),
        (1, 2, "loss", 1e-300),
        (1, 2, "validation_accuracy", 1 / 3),
    ]
    assert isinstance(folder.metrics()[0], MetricRow)


@given(cut=st.integers(1, 39))
def test_a_row_cut_short_is_left_out(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.add_metrics(1, 1, {"loss": 0.5})
    folder.add_metrics(1, 2, {"loss": 0.25})
    content = folder.metrics_file.read_bytes()
    folder.metrics_file.write_bytes(content[:-cut])
    assert values(folder) == [(1, 1, "loss", 0.5)]


def test_rewind_drops_later_steps(folder: RunFolder) -> None:
    for step in range(1, 5):
        folder.add_metrics(1, step, {"loss": step / 10})
    with folder.metrics_file.open("a") as file:
        file.write("2026-01-01T00:00:00.000,1,5,lo")
    folder.rewind(2, 1)
    folder.add_metrics(1, 3, {"loss": 9.0})
    assert values(folder) == [(1, 1, "loss", 0.1), (1, 2, "loss", 0.2), (1, 3, "loss", 9.0)]


def test_rewind_drops_an_epoch_whose_validation_is_repeated(folder: RunFolder) -> None:
    folder.add_metrics(1, 2, {"loss": 0.5, "loss_l1": 0.25})
    folder.add_metrics(1, 2, {"training_loss": 0.5, "validation_loss": 0.75})
    folder.rewind(2, 0)
    assert values(folder) == [(1, 2, "loss", 0.5), (1, 2, "loss_l1", 0.25)]


def test_nothing_is_made_to_be_rewound(folder: RunFolder) -> None:
    folder.rewind(0, 0)
    assert not folder.metrics_file.exists()


def test_log_has_a_line_an_entry(folder: RunFolder) -> None:
    folder.log("first")
    folder.log("second")
    assert [line.split(" ", 2)[2] for line in folder.log_file.read_text().splitlines()] == ["first", "second"]


def test_past_runs_newest_first(tmp_path: Path, config: ClassifySettings) -> None:
    runs = [RunFolder.create(tmp_path / "runs", config, NOON.replace(hour=hour)) for hour in (9, 11, 10)]
    (tmp_path / "runs" / "something else").mkdir()
    assert past_runs(tmp_path / "runs") == [runs[1], runs[2], runs[0]]
    runs[1].remove()
    assert past_runs(tmp_path / "runs") == [runs[2], runs[0]]
    assert past_runs(tmp_path / "absent") == []


def test_damaged_settings_are_told(folder: RunFolder) -> None:
    folder.settings_file.write_text("{")
    with pytest.raises(SettingError, match=r"config\.json is not valid JSON"):
        settings_of(folder)
