"""The open recording: opened, indexed and closed off the GUI thread, and its properties."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.sources.choices import Reading
from wholefield.sources.events.recording import Recording
from wholefield_app.background import Task
from wholefield_app.document.document import Document, Role
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.viewer.events.rate_strip import Rate, rate_text
from wholefield_app.viewer.events.timeline import SECOND, span_text
from wholefield_app.workspaces.events.opening import OpenRecording, index_and_rate, open_path

INTERVAL_MS = 100
COUNTING = "counting…"

log = logging.getLogger(__name__)


class RecordingDocument(Document[OpenRecording]):
    """Holds one recording.

    Signals:
        replaced: The Recording that was open before; what shows it has released it and closes it.
        indexing: The share of the recording that is indexed, 0 to 1.
        indexed: The event rate of the recording; everything else from the index is known now, too.
    """

    replaced = Signal(object)
    indexing = Signal(float)
    indexed = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._index_task: Task | None = None
        self._before: Path | None = None
        self._progress = Mailbox(INTERVAL_MS, self)
        self._progress.arrived.connect(self._tell)

    @property
    def recording(self) -> Recording | None:
        """The open recording."""
        return self.input.recording if self.input is not None else None

    @property
    def path(self) -> Path | None:
        """The file of the recording."""
        return self.recording.path if self.recording is not None else None

    @property
    def reading(self) -> Reading:
        """What was answered about the file."""
        return self.input.reading if self.input is not None else Reading()

    @property
    def reading_setting(self) -> str | None:
        """The same as a setting."""
        return str(self.reading) or None

    @property
    def name(self) -> str:
        """The name of the recording."""
        return self.recording.name if self.recording is not None else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is unusual about the recording."""
        return tuple(self.recording.warnings) if self.recording is not None else ()

    def properties(self) -> list[tuple[str, str]]:
        """Format, sensor, length and event rate, and other metadata of the file."""
        if (recording := self.recording) is None:
            return []
        rows = describe_recording(recording, indexed=recording.indexed)
        return rows + [("Warning", warning) for warning in recording.warnings]

    def reader(self, role: Role, reading: Reading | None) -> Callable[[Path], Any]:
        """Opens a recording."""
        del role
        return partial(open_path, reading=reading)

    def release(self, found: OpenRecording) -> None:
        """Close a recording that was never shown."""
        found.recording.close()

    def replace(self, before: OpenRecording) -> None:
        """A frame of it may be drawn right now: what draws it closes it."""
        self.replaced.emit(before.recording)

    def take(self, role: Role, found: OpenRecording, named: Path | None) -> None:
        """Show a recording, and begin to index it."""
        recording = found.recording
        size = (recording.width, recording.height)
        self._before = self.path
        log.info("Opened %s (%s, %d × %d px)", recording.path, recording.format_name, *size)
        super().take(role, found, named)
        self._begin_index(recording)

    def put(self, role: Role, thing: OpenRecording | None) -> None:
        """Show another recording, or none; that of before is no longer indexed."""
        if role is Role.INPUT and self._index_task is not None:
            self._index_task.cancel()
            self._index_task = None
        super().put(role, thing)

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
        """A recording that turns out to be unreadable is closed, and that of before comes back."""
        self._index_task = None
        before, path = self._before, self.path
        self._services.report(problem)
        self.remove()
        if path is not None:
            self._services.settings.forget_recent(path)
        if before is not None and before != path:
            self.open(before, remembered=False)

    @Slot(list)
    def _tell(self, shares: list[tuple[Recording, float]]) -> None:
        recording, share = shares[-1]
        if recording is self.recording and self._index_task is not None:
            self.indexing.emit(share)


def describe_recording(recording: Recording, *, indexed: bool) -> list[tuple[str, str]]:
    """The important properties first, then other metadata of the file.

    Args:
        recording: An open recording.
        indexed: Whether its events have been counted: asking before would read the whole file.
    """
    return [("File", str(recording.path)), *_facts(recording, indexed), *sorted(recording.metadata.items())]


def _facts(recording: Recording, indexed: bool) -> list[tuple[str, str]]:
    duration = recording.duration_us
    rate = recording.num_events / max(duration, 1) * SECOND if indexed else 0.0
    rows = [
        ("Format", recording.format_name),
        ("Sensor", f"{recording.width} × {recording.height} px"),
        ("Duration", f"{span_text(duration)} ({duration:,} µs)"),
        ("Events", f"{recording.num_events:,}" if indexed else COUNTING),
        ("Mean rate", rate_text(rate) if indexed else COUNTING),
        ("First event at", f"{recording.start_us:,} µs"),
    ]
    if indexed and recording.triggers.size:
        rows.append(("Triggers", f"{recording.triggers.size:,}"))
    return rows
