"""A training as a workspace sees it: starts it in a session and knows its folder and checkpoints."""

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
from wholefield_app.runs import RunSession

log = logging.getLogger(__name__)

ENDINGS = {
    Reason.COMPLETED: "The training is complete; the model is in {folder}.",
    Reason.STOPPED: "The training was stopped; the model is kept in {folder}.",
    Reason.DISCARDED: "The training was discarded; its results are removed.",
}


class Training(QObject):
    """One training at a time.

    Attributes:
        session: The run.
        folder: Folder of the run that began last and is still there, or None.

    Signals:
        checkpoint_saved: Path of a new best checkpoint.
    """

    checkpoint_saved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=True, parent=self)
        self.folder: Path | None = None
        self.session.reported.connect(self._note)

    def start(self, config: RunSettings, runs: Path, what: str) -> None:
        """Begin to train in a new folder under `runs`; the log says `what` is trained."""
        log.info("Training %s", what)
        self.session.start(partial(train, config, runs))

    @Slot(list)
    def _note(self, reports: list[Report]) -> None:
        for report in reports:
            if isinstance(report, Started):
                self.folder = report.folder
                log.info("The run writes into %s", report.folder)
            elif isinstance(report, EpochDone):
                values = ", ".join(
                    f"{name.replace('_', ' ')} {value:.3g}" for name, value in report.metrics.items()
                )
                log.info("Epoch %d: %s", report.epoch, values)
            elif isinstance(report, CheckpointSaved) and report.best:
                self.checkpoint_saved.emit(report.path)
            elif isinstance(report, Message):
                log.log(logging.WARNING if report.level is Level.WARNING else logging.INFO, "%s", report.text)
            elif isinstance(report, Finished):
                log.info(ENDINGS[report.reason].format(folder=report.folder))
                self.folder = None if report.reason is Reason.DISCARDED else report.folder


def train(config: RunSettings, runs: Path, report: ReportFunction, control: Control) -> None:
    """Make the run's folder and do the run; called in the run's thread."""
    from wholefield.tasks.registry import run_task

    run_task(config, RunFolder.create(runs, config).path, report, control)
