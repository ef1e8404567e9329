"""How late the event loop is: a timer that should fire every 5 ms notes when it really does."""

import time

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Slot

INTERVAL_MS = 5


class Lateness(QObject):
    """Collects how many ms each tick came after the moment it was due."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._note)

    def begin(self) -> None:
        """Start to measure anew."""
        self.late_ms.clear()
        self._last = time.perf_counter()
        self._timer.start()

    def end(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def percentile(self, percent: float) -> float:
        """The lateness in ms that so many percent of the ticks did not exceed."""
        return float(np.percentile(self.late_ms, percent))

    @Slot()
    def _note(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, 1e3 * (now - self._last) - INTERVAL_MS))
        self._last = now
