"""Reads the planes across one axis in the background: the newest that is wanted, and what is there of it so far."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.background import Background, Task
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.viewer.stacks.plane_images import PlanePictures, PlaneReader, PlaneRequest

# A plane that was overtaken by a newer wish is read to its end if that takes no longer: what moves keeps moving.
PATIENCE_S = 0.15


class _Reading:
    """One plane that is being read; both threads look at it."""

    def __init__(self) -> None:
        self.dropped = threading.Event()
        self.overtaken = threading.Event()
        self._give_up_at = time.monotonic() + PATIENCE_S

    def stopped(self) -> bool:
        """Whether no more of it is needed; called in the worker thread."""
        late = time.monotonic() > self._give_up_at
        return self.dropped.is_set() or (late and self.overtaken.is_set())


class PlaneLoader(QObject):
    """Reads one plane at a time; of further wishes only the newest is kept.

    Signals:
        answered: PlanePictures of a plane, and before that, where reading takes long, of its first rows.
        failed: The Problem of a plane that cannot be read.
    """

    answered = Signal(object)
    failed = Signal(object)

    def __init__(self, background: Background, reader: PlaneReader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._reader = reader
        self._wanted: PlaneRequest | None = None
        self._task: Task | None = None
        self._reading = _Reading()
        self._parts = Mailbox(parent=self)
        self._parts.arrived.connect(self._show_part)

    @property
    def busy(self) -> bool:
        """Whether a plane is still to come."""
        return self._task is not None

    def ask(self, request: PlaneRequest) -> None:
        """Want this plane, and no other any more."""
        self._wanted = request
        if self._task is None:
            self._begin()
        else:
            self._reading.overtaken.set()

    def drop(self) -> None:
        """Want nothing; what is being read ends soon, keeps nothing waiting, and is not told."""
        self._wanted = None
        self._reading.dropped.set()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        request, self._wanted = self._wanted, None
        if request is None:
            return
        reading = self._reading = _Reading()

        def tell(pictures: PlanePictures) -> None:
            """Called in the worker thread."""
            self._parts.put((reading, pictures))

        self._task = self._background.run(
            self._reader.read, request, tell, reading.stopped, then=self._take, failed=self._refuse
        )

    @Slot(list)
    def _show_part(self, parts: list[tuple[_Reading, PlanePictures]]) -> None:
        reading, pictures = parts[-1]
        if reading is self._reading and self._task is not None:
            self.answered.emit(pictures)

    def _take(self, pictures: PlanePictures) -> None:
        self._task = None
        self._begin()
        self.answered.emit(pictures)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self._begin()
        self.failed.emit(problem)
