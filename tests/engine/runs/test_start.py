"""However a run ends, the last report says so, and the folder holds what it should."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from annotated_types import Ge

from wholefield.errors import SourceError
from wholefield.runs.control import Control, Discarded, StopAndKeep
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    Level,
    Message,
    Reason,
    Report,
    ReportFunction,
    Started,
    StepDone,
)
from wholefield.runs.settings import RunSettings, Setting, read_settings
from wholefield.runs.start import execute, recorder


@dataclass(frozen=True, kw_only=True)
class Toy(RunSettings):
    """Settings of a run that does nothing of its own."""

    task: ClassVar[str] = "toy"

    count: Annotated[int, Ge(1), Setting("How many.")] = 3


Body = Callable[[RunFolder, ReportFunction, Control], None]


def run(
    folder: Path, body: Body, settings: Toy | None = None, control: Control | None = None
) -> tuple[Finished | Failed, list[Report]]:
    """The end of a run, and all its reports."""
    reports: list[Report] = []

    def runner(given: RunSettings, to: RunFolder, report: ReportFunction, control: Control) -> None:
        body(to, report, control)

    def runner_of(given: RunSettings) -> Callable[[RunSettings, RunFolder, ReportFunction, Control], None]:
        return runner

    end = execute(runner_of, settings or Toy(), folder, reports.append, control or Control())
    return end, reports


def nothing(folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """A run that has nothing to do."""


def raising(error: Exception) -> Body:
    def body(folder: RunFolder, report: ReportFunction, control: Control) -> None:
        report(Started("toy", folder.path))
        raise error

    return body


def test_a_run_to_its_end(tmp_path: Path) -> None:
    end, reports = run(tmp_path / "run", nothing)
    assert end == Finished(tmp_path / "run", Reason.COMPLETED)
    assert reports == [end]
    assert "Ended: completed." in RunFolder(tmp_path / "run").log_file.read_text()


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize(
    ("error", "reason"), [(StopAndKeep(), Reason.STOPPED), (Discarded(), Reason.DISCARDED)]
)
def test_only_a_discarded_run_that_is_new_goes_with_its_folder(
    tmp_path: Path, error: Exception, reason: Reason, continued: bool
) -> None:
    folder = RunFolder(tmp_path / "run")
    if continued:
        folder.path.mkdir()
        folder.last.write_bytes(b"earlier")
    end, reports = run(folder.path, raising(error))
    assert end == reports[-1] == Finished(folder.path, reason)
    assert folder.path.exists() == (continued or reason is not Reason.DISCARDED)
    if continued:
        assert folder.last.read_bytes() == b"earlier"


def test_errors_that_were_foreseen_are_told_as_they_are(tmp_path: Path) -> None:
    end, reports = run(tmp_path / "run", raising(SourceError("a.svs is damaged.")))
    assert end == reports[-1] == Failed("a.svs is damaged.")
    log = RunFolder(tmp_path / "run").log_file.read_text()
    assert "Failed: a.svs is damaged." in log
    assert "Traceback" not in log


def test_errors_that_were_not_foreseen_are_told_and_logged(tmp_path: Path) -> None:
    end, _ = run(tmp_path / "run", raising(ZeroDivisionError("by accident")))
    assert isinstance(end, Failed)
    assert "The run failed unexpectedly (ZeroDivisionError: by accident)" in end.message
    log = RunFolder(tmp_path / "run").log_file
    assert str(log) in end.message
    assert "Traceback" in log.read_text()


def test_settings_that_cannot_be_leave_no_folder(tmp_path: Path) -> None:
    end, reports = run(tmp_path / "run", nothing, Toy(count=0))
    assert end == reports[-1] == Failed("The setting count is 0 but must be at least 1.")
    assert not (tmp_path / "run").exists()


def test_a_run_discarded_before_its_first_step_does_nothing(tmp_path: Path) -> None:
    control = Control()
    control.discard()
    end, _ = run(tmp_path / "run", raising(AssertionError("it ran")), control=control)
    assert end == Finished(tmp_path / "run", Reason.DISCARDED)
    assert not (tmp_path / "run").exists()


def test_what_the_folder_keeps_of_reports(tmp_path: Path) -> None:
    folder = RunFolder.prepare(tmp_path / "run", Toy())
    handed: list[Report] = []
    record = recorder(folder, Toy(count=7), handed.append)
    reports: list[Report] = [
        Started("toy", folder.path, 2, 1),
        StepDone(1, 2, 1, 1, 0.5),
        StepDone(2, 2, 1, 1, 0.25, terms={"data": 0.2, "smoothness": 0.05}),
        EpochDone(1, {"validation_loss": 0.125}, 2),
        CheckpointSaved(folder.last, best=False),
        Message(Level.WARNING, "Odd."),
    ]
    for report in reports:
        record(report)
    assert handed == reports
    assert read_settings(folder.settings_file) == {"task": "toy", "count": 7}
    assert [(row.epoch, row.step, row.metric, row.value) for row in folder.metrics()] == [
        (1, 1, "loss", 0.5),
        (1, 2, "loss", 0.25),
        (1, 2, "loss_data", 0.2),
        (1, 2, "loss_smoothness", 0.05),
        (1, 2, "validation_loss", 0.125),
    ]
    log = folder.log_file.read_text()
    for line in (
        "Started toy.",
        "Epoch 1: validation_loss 0.125.",
        "Saved last.ckpt.",
        f"{Level.WARNING}: Odd.",
    ):
        assert line in log
