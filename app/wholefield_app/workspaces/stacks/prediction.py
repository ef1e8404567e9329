"""Prediction on the open stack: runs it in a session and knows where the result lies."""

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Finished, Reason, ReportFunction
from wholefield.tasks.stacks.settings import StackPredictSettings
from wholefield_app.runs import RunSession

log = logging.getLogger(__name__)


class Prediction(QObject):
    """One prediction at a time.

    Attributes:
        session: The run.

    Signals:
        done: Path of the stack that was predicted, and path of the result.
    """

    done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=False, parent=self)
        self._stack: Path | None = None
        self.session.ended.connect(self._take)

    def start(self, config: StackPredictSettings, runs: Path) -> None:
        """Begin to predict in a new folder under `runs`."""
        log.info("Predicting on %s with %s", config.stack.name, config.checkpoint)
        self._stack = config.stack
        self.session.start(partial(predict, config, runs))

    @Slot(object)
    def _take(self, result: Path | None) -> None:
        if result is not None:
            log.info("The prediction is in %s", result)
            self.done.emit(self._stack, result)


def predict(
    config: StackPredictSettings, runs: Path, report: ReportFunction, control: Control
) -> Path | None:
    """Do the prediction; called in the run's thread. The file of the result, or None where there is none."""
    from wholefield.tasks.registry import run_task

    run = RunFolder.create(runs, config)
    end = run_task(config, run.path, report, control)
    completed = isinstance(end, Finished) and end.reason is Reason.COMPLETED
    return config.result(run.path) if completed else None
