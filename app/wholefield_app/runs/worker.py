"""The thread of a run."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread

from wholefield.runs.control import Control, Discarded, StopAndKeep
from wholefield.runs.reports import ReportFunction
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem

Work = Callable[[ReportFunction, Control], object]


class RunThread(QThread):
    """Does the work of one run. It touches no widget: reports go into the mailbox.

    Attributes:
        result: What the work returned, once the thread has finished.
        problem: What went wrong, or None.
    """

    def __init__(self, work: Work, mailbox: Mailbox, control: Control, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("run")
        self._work = work
        self._mailbox = mailbox
        self._control = control
        self.result: object = None
        self.problem: Problem | None = None

    def run(self) -> None:
        """Do the work; called by Qt in the new thread."""
        try:
            self.result = self._work(self._mailbox.put, self._control)
        except (StopAndKeep, Discarded):
            # The user asked for it; there is no result and nothing went wrong.
            self.result = None
        except Exception as error:  # every error becomes a sentence in the window
            self.problem = Problem.from_error(error)
