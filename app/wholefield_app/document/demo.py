"""Creates the demo data of a workspace in a worker thread and reports progress."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.background import Task
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.services import Services

INTERVAL_MS = 100
MakeDemo = Callable[[Callable[[int, int], None]], Any]


class DemoMaker(QObject):
    """Makes demo data, or finds what was made before.

    Attributes:
        make: Does it in a worker thread; reports the number of steps done and in total.

    Signals:
        progressed: Steps done and in total.
        made: What `make` returned.
        ended: The work has come to an end, whether it succeeded or not.
    """

    progressed = Signal(int, int)
    made = Signal(object)
    ended = Signal()

    def __init__(self, services: Services, make: MakeDemo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.make = make
        self._services = services
        self._task: Task | None = None
        self._stop = False
        self._progress = Mailbox(INTERVAL_MS, self)
        self._progress.arrived.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether the data is being made."""
        return self._task is not None

    def start(self) -> None:
        """Make the data unless that is going on already."""
        if self._task is None:
            self._task = self._services.background.run(
                self.make, self._progress_of, then=self._take, failed=self._refuse
            )

    def close(self) -> None:
        """Ask the worker to stop after the step in hand."""
        self._stop = True
        if self._task is not None:
            self._task.cancel()

    def _progress_of(self, done: int, total: int) -> None:
        """Called in the worker thread after each step."""
        if self._stop:
            raise InterruptedError("the window is closing")
        self._progress.put((done, total))

    @Slot(list)
    def _tell(self, steps: list[tuple[int, int]]) -> None:
        if self._task is not None:
            self.progressed.emit(*steps[-1])

    def _take(self, result: Any) -> None:
        self._task = None
        self.ended.emit()
        self.made.emit(result)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self.ended.emit()
        self._services.report(problem)
