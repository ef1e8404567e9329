"""Saves a screenshot of the window once everything in it has loaded, and quits the program."""

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Slot

from wholefield_app.window.main_window import MainWindow

INTERVAL_MS = 100
QUIET_CHECKS = 3
SIZE = (1600, 1000)


class Screenshot(QObject):
    """Waits for quiet, then grabs. A problem in the banner is printed and makes the exit status 1."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self._window = window
        self._path = path
        self._quiet = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Begin to wait."""
        self._window.resize(*SIZE)
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        self._quiet = self._quiet + 1 if self._window.quiet else 0
        if self._quiet < QUIET_CHECKS:
            return
        self._timer.stop()
        status = self._write()
        self._window.close()
        QCoreApplication.exit(status)

    def _write(self) -> int:
        banner = self._window.banner
        if banner.isVisible():
            print(banner.sentence.text(), file=sys.stderr)
            return 1
        if not self._window.grab().save(str(self._path), "PNG"):
            print(f"{self._path} cannot be written; choose another folder or name.", file=sys.stderr)
            return 1
        return 0
