"""The filters over the open recording: their chain, and the pass that applies it, off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wholefield.progress import ProgressCallback
from wholefield.sources.events.filters.chain import FilterChain
from wholefield_app.background import Background, Task
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.workspaces.events.opening import RATE_BINS

if TYPE_CHECKING:
    from wholefield.sources import Recording
    from wholefield.sources.events.filters.recording import FilteredRecording

# A number that is typed or spun is applied when it has rested.
REST_MS, INTERVAL_MS = 300, 100


@dataclass(frozen=True)
class Filtered:
    """A recording through filters, and its event rate."""

    recording: FilteredRecording
    rate: Rate


class Filtering(QObject):
    """Keeps a chain of filters and shows the open recording through it.

    Attributes:
        source: The recording as it is in the file, or None.
        chain: The filters, also those that are off.
        filtered: What the chain has made of the recording; None while nothing is filtered.

    Signals:
        changed: The chain, or what it has made, is another one.
        progressed: The share of the pass that is done, 0 to 1.
        applied: The Recording that is to be shown from now on.
        failed: The Problem of a chain that cannot be applied.
    """

    changed = Signal()
    progressed = Signal(float)
    applied = Signal(object)
    failed = Signal(object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.source: Recording | None = None
        self.chain = FilterChain()
        self.filtered: Filtered | None = None
        self._task: Task | None = None
        self._number = 0
        self._progress = Mailbox(INTERVAL_MS, self)
        self._progress.arrived.connect(self._tell)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._apply)

    @property
    def busy(self) -> bool:
        """Whether a chain is being applied, or waits to be."""
        return self._task is not None or self._rest.isActive()

    @property
    def setting(self) -> str | None:
        """The filters as a setting of tasks and exports."""
        return self.chain.text or None

    @property
    def recording(self) -> Recording | None:
        """What is shown: the recording through the filters, or as it is."""
        return self.filtered.recording if self.filtered is not None else self.source

    def show(self, source: Recording | None) -> None:
        """Begin with another recording, without filters."""
        self._stop()
        self.source, self.filtered, self.chain = source, None, FilterChain()
        self.changed.emit()

    def set_chain(self, chain: FilterChain) -> None:
        """Filter the recording in another way."""
        self.chain = chain
        self.changed.emit()
        self._rest.start()

    def _stop(self) -> None:
        self._rest.stop()
        self._number += 1
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @Slot()
    def _apply(self) -> None:
        self._stop()
        now = self.filtered.recording.chain.text if self.filtered is not None else ""
        if self.source is None or self.chain.text == now:
            self.changed.emit()
            return
        if not self.chain:
            self._take(None)
            return
        number = self._number

        def tell(done: int, total: int) -> None:
            """Called in the worker thread."""
            if number != self._number:
                raise InterruptedError("other filters are wanted")
            self._progress.put((number, done / max(total, 1)))

        self.progressed.emit(0.0)
        self._task = self._background.run(
            apply_filters, self.source, self.chain, tell, then=self._take, failed=self._refuse
        )

    def _take(self, filtered: Filtered | None) -> None:
        self._task = None
        self.filtered = filtered
        self.changed.emit()
        self.applied.emit(self.recording)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self.changed.emit()
        self.failed.emit(problem)

    @Slot(list)
    def _tell(self, shares: list[tuple[int, float]]) -> None:
        number, share = shares[-1]
        if number == self._number and self._task is not None:
            self.progressed.emit(share)


def apply_filters(source: Recording, chain: FilterChain, progress: ProgressCallback) -> Filtered:
    """Run filters over a recording; an error raised in `progress` stops them.

    Raises:
        WholefieldError: A filter does not fit the recording, or something cannot be read.
    """
    from wholefield.sources.events.filters.recording import FilteredRecording

    recording = FilteredRecording(source, chain)
    recording.index(progress)
    return Filtered(recording, recording.rate(min(RATE_BINS, max(recording.duration_us, 1))))
