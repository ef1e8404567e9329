"""The one road from any thread to the GUI thread: items are collected and delivered in batches."""

import threading
import time
from collections import deque
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot


class Mailbox(QObject):
    """Takes items from any thread and hands them over, in order, in the GUI thread.

    However fast items come in, at most one signal crosses the threads and one batch is delivered per
    `interval_ms`, so that a worker that reports thousands of times per second costs the window next to nothing.

    Signals:
        arrived: The list of items since the last batch; emitted in the thread of the mailbox.
    """

    arrived = Signal(list)
    _knocked = Signal()

    def __init__(self, interval_ms: int = 0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._interval_ms = interval_ms
        self._items: deque[Any] = deque()
        self._lock = threading.Lock()
        self._waiting = False
        self._closed = False
        self._delivered_at = -float("inf")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.deliver)
        self._knocked.connect(self._plan_delivery, Qt.ConnectionType.QueuedConnection)

    def put(self, item: Any) -> None:
        """Leave an item; may be called from any thread and returns at once."""
        with self._lock:
            self._items.append(item)
            knock, self._waiting = not self._waiting, True
        if knock:
            self._knocked.emit()

    @Slot()
    def deliver(self) -> None:
        """Deliver pending items without waiting for the interval; call in the thread of the mailbox."""
        self._timer.stop()
        with self._lock:
            items = list(self._items)
            self._items.clear()
            self._waiting = False
        if items:
            self._delivered_at = time.monotonic()
            self.arrived.emit(items)

    def close(self) -> list[Any]:
        """Deliver nothing any more; returns what was left and not delivered."""
        self._closed = True
        self._timer.stop()
        with self._lock:
            return list(self._items)

    @Slot()
    def _plan_delivery(self) -> None:
        if self._closed:
            return
        passed_ms = 1000 * (time.monotonic() - self._delivered_at)
        wait_ms = int(max(0.0, min(self._interval_ms - passed_ms, self._interval_ms)))
        self._timer.start(wait_ms)
