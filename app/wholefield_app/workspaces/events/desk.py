"""The open recording: opened, indexed and closed off the GUI thread."""

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.sources.events.recording import Recording
from wholefield_app.background import Task
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.workspaces.events.opening import OpenRecording, index_and_rate, let_go, open_path

INTERVAL_MS = 100

log = logging.getLogger(__name__)


class Desk(QObject):
    """Holds one recording.

    Attributes:
        open_recording: The recording and how long to accumulate at first, or None.

    Signals:
        opened: Path of a recording that the user opened.
        changed: Another recording is open, or none.
        replaced: The Recording that was open before; whoever shows it has let go of it and closes it.
        opening: Name of what is being opened, or an empty text when that has ended.
        indexing: The share of the recording that is indexed, 0 to 1.
        indexed: The event rate of the recording; all else that the index tells is known now, too.
    """

    opened = Signal(object)
    changed = Signal()
    replaced = Signal(object)
    opening = Signal(str)
    indexing = Signal(float)
    indexed = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._task: Task | None = None
        self._index_task: Task | None = None
        self.open_recording: OpenRecording | None = None
        self._progress = Mailbox(INTERVAL_MS, self)
        self._progress.arrived.connect(self._tell)

    @property
    def recording(self) -> Recording | None:
        """The open recording."""
        return self.open_recording.recording if self.open_recording is not None else None

    def open(self, path: Path) -> None:
        """Open a recording; what was asked for before and is not there yet is dropped."""
        self._drop()
        self.opening.emit(path.name)
        self._task = self._services.background.run(
            open_path, path, then=self._take, failed=self._refuse, dropped=let_go
        )

    def remove(self) -> None:
        """Close the recording."""
        self._drop()
        self._put(None)

    def _drop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.opening.emit("")

    def _take(self, found: OpenRecording) -> None:
        self._task = None
        self.opening.emit("")
        recording = found.recording
        log.info(
            "Opened %s (%s, %d × %d px)",
            recording.path,
            recording.format_name,
            recording.width,
            recording.height,
        )
        self._put(found)
        self.opened.emit(recording.path)
        self._begin_index(recording)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self.opening.emit("")
        self._services.report(problem)

    def _put(self, found: OpenRecording | None) -> None:
        before, self.open_recording = self.recording, found
        if self._index_task is not None:
            self._index_task.cancel()
            self._index_task = None
        if before is not None or found is not None:
            self.changed.emit()
        if before is not None:
            self.replaced.emit(before)

    def _begin_index(self, recording: Recording) -> None:
        def tell(done: int, total: int) -> None:
            """Called in the worker thread."""
            if recording is not self.recording:
                raise InterruptedError("another recording is open")
            self._progress.put((recording, done / total))

        self._index_task = self._services.background.run(
            index_and_rate, recording, tell, then=self._take_index, failed=self._refuse_index
        )

    def _take_index(self, rate: Rate) -> None:
        self._index_task = None
        self.indexed.emit(rate)

    def _refuse_index(self, problem: Problem) -> None:
        self._index_task = None
        self._services.report(problem)

    @Slot(list)
    def _tell(self, shares: list[tuple[Recording, float]]) -> None:
        recording, share = shares[-1]
        if recording is self.recording and self._index_task is not None:
            self.indexing.emit(share)
