"""Keeps the newest wanted plane coming without ever piling up work."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.background import Background, Task
from app.problems import Problem
from app.viewer.plane_images import PlanePictures, PlaneReader, PlaneRequest


class PlaneLoader(QObject):
    """Loads one plane at a time; while it does, only the newest of the further wishes is kept.

    Planes that come while newer ones are already wished for are shown all the same: whoever drags a slider sees the
    stack go by.

    Signals:
        loaded: The PlanePictures.
        failed: The Problem.
    """

    loaded = Signal(object)
    failed = Signal(object)

    def __init__(self, background: Background, reader: PlaneReader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._reader = reader
        self._task: Task | None = None
        self._wanted: PlaneRequest | None = None

    @property
    def busy(self) -> bool:
        """Whether a plane is still to come."""
        return self._task is not None

    def ask(self, request: PlaneRequest) -> None:
        """Want these planes now, and no others any more."""
        self._wanted = request
        if self._task is None:
            self._begin()

    def drop(self) -> None:
        """Want nothing; what is being read is not shown."""
        self._wanted = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        request, self._wanted = self._wanted, None
        if request is not None:
            self._task = self._background.run(
                self._reader.read, request, then=self._take, failed=self._refuse
            )

    def _take(self, pictures: PlanePictures) -> None:
        self._task = None
        self._begin()
        self.loaded.emit(pictures)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self._begin()
        self.failed.emit(problem)
