"""A training as a workspace sees it: a session that knows its folder and reports its checkpoints."""

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    Finished,
    Level,
    Message,
    Reason,
    Report,
    ReportFunction,
    Started,
)
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import find_task, run_task
from wholefield_app.runs import RunSession

log = logging.getLogger(__name__)

ENDINGS = {
    Reason.COMPLETED: "The training is complete; the model is in {folder}.",
    Reason.STOPPED: "The training was stopped; the model is kept in {folder}.",
    Reason.DISCARDED: "The training was discarded; its results are removed.",
}


class Training(RunSession):
    """One training at a time.

    Attributes:
        folder: Folder of the run that began last and is still there, or None.

    Signals:
        checkpoint_saved: Path of a new best checkpoint.
    """

    checkpoint_saved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            "Training", worth_keeping=True, stopping="Stopping and keeping the model", parent=parent
        )
        self.folder: Path | None = None
        self.reported.connect(self._note)

    def begin(self, settings: RunSettings, runs: Path) -> None:
        """Begin to train in a new folder under `runs`."""
        log.info("Training %s", find_task(settings.task).run_title(settings))
        self.start(partial(train, settings, runs))

    @Slot(list)
    def _note(self, reports: list[Report]) -> None:
        for report in reports:
            if isinstance(report, Started):
                self.folder = report.folder
                log.info("Run folder: %s", report.folder)
            elif isinstance(report, EpochDone):
                log.info("Epoch %d: %s", report.epoch, _figures(report))
            elif isinstance(report, CheckpointSaved) and report.best:
                self.checkpoint_saved.emit(report.path)
            elif isinstance(report, Message):
                log.log(logging.WARNING if report.level is Level.WARNING else logging.INFO, "%s", report.text)
            elif isinstance(report, Finished):
                log.info(ENDINGS[report.reason].format(folder=report.folder))
                self.folder = None if report.reason is Reason.DISCARDED else report.folder


def _figures(report: EpochDone) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in report.metrics.items())


def train(settings: RunSettings, runs: Path, report: ReportFunction, control: Control) -> None:
    """Make the run's folder and do the run; called in the run's thread."""
    run_task(settings, RunFolder.create(runs, settings).path, report, control)
