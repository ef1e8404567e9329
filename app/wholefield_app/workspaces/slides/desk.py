"""The open slide: opens and closes sources off the GUI thread and hands them to the view."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.background import Task
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.viewer import SlideView
from wholefield_app.workspaces.slides.opening import let_go, open_path
from wholefield_app.workspaces.slides.project import SlideProject

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

log = logging.getLogger(__name__)


class Desk(QObject):
    """Holds the view and the slide in it.

    Attributes:
        view: The viewer.
        source: The open slide, or None.

    Signals:
        opened: Path of what was opened by the user: a slide or a folder.
        slide_changed: Another slide, or none, is in the view.
        project_found: The SlideProject of a folder that was opened.
        opening: Name of what is being opened, or an empty text when that has ended.
    """

    opened = Signal(object)
    slide_changed = Signal()
    project_found = Signal(object)
    opening = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._task: Task | None = None
        self._remembered: Path | None = None
        self.view = SlideView()
        self.view.problem.connect(self._report_tile)
        self.source: ImageSource | None = None

    def open(self, path: Path) -> None:
        """Open a slide or list a folder that the user named, and tell of it once it is there."""
        self._remembered = path
        self._begin(path)

    def show(self, path: Path) -> None:
        """Open a slide of the project."""
        self._remembered = None
        self._begin(path)

    def close_slide(self) -> None:
        """Show no slide."""
        self._show(None)

    def close(self) -> None:
        """Let go of the slide and end the view's threads."""
        if self._task is not None:
            self._task.cancel()
        self._show(None)
        self.view.shutdown()

    def _begin(self, path: Path) -> None:
        """What was asked for before and is not there yet is dropped."""
        if self._task is not None:
            self._task.cancel()
        self.opening.emit(path.name)
        self._task = self._services.background.run(
            open_path, path, then=self._take, failed=self._refuse, dropped=let_go
        )

    def _take(self, found: "ImageSource | SlideProject") -> None:
        self._task = None
        self.opening.emit("")
        if self._remembered is not None:
            self.opened.emit(self._remembered)
        if isinstance(found, SlideProject):
            self.project_found.emit(found)
        else:
            log.info("Opened %s (%s, %d × %d px)", found.path, found.format_name, found.width, found.height)
            self._show(found)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self.opening.emit("")
        self._services.report(problem)

    def _show(self, source: "ImageSource | None") -> None:
        before, self.source = self.source, source
        # The view reads the last slide no more once this returns.
        self.view.set_source(source)
        if before is not None:
            before.close()
        if before is not None or source is not None:
            self.slide_changed.emit()

    @Slot(str)
    def _report_tile(self, sentence: str) -> None:
        self._services.report(Problem(sentence))
