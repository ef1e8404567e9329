"""Makes the demo project in a worker thread and tells how far it is."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Task
from app.mailbox import Mailbox
from app.problems import Problem
from app.services import Services
from app.workspaces.slides.project import SlideProject, read_project

INTERVAL_MS = 100


class DemoMaker(QObject):
    """Makes the demo project, or finds the one made before.

    Signals:
        progressed: Slides done and slides in all.
        made: The SlideProject.
        ended: The work has come to an end, whether it succeeded or not.
    """

    progressed = Signal(int, int)
    made = Signal(object)
    ended = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._task: Task | None = None
        self._stop = False
        self._progress = Mailbox(INTERVAL_MS, self)
        self._progress.arrived.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether the project is being made."""
        return self._task is not None

    def start(self) -> None:
        """Make the project unless that is going on already."""
        if self._task is None:
            self._task = self._services.background.run(
                make_demo, self._progress_of, then=self._take, failed=self._refuse
            )

    def close(self) -> None:
        """Ask the worker to stop after the slide in hand."""
        self._stop = True
        if self._task is not None:
            self._task.cancel()

    def _progress_of(self, done: int, total: int) -> None:
        """Called in the worker thread after each slide."""
        if self._stop:
            raise InterruptedError("the window is closing")
        self._progress.put((done, total))

    @Slot(list)
    def _tell(self, steps: list[tuple[int, int]]) -> None:
        if self._task is not None:
            self.progressed.emit(*steps[-1])

    def _take(self, project: SlideProject) -> None:
        self._task = None
        self.ended.emit()
        self.made.emit(project)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self.ended.emit()
        self._services.report(problem)


def make_demo(progress: Callable[[int, int], None]) -> SlideProject:
    """Make the demo project in the user's data folder; called in a worker thread."""
    from resources.demo.project import ensure_demo_project

    made = ensure_demo_project(progress=progress)
    return read_project(made.slides, made.labels)
