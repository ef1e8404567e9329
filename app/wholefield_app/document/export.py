"""An export as a workspace sees it: a session that says what it has written."""

import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.runs import RunSession, SessionState
from wholefield_app.runs.worker import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """What an export has written.

    Attributes:
        path: The file or folder.
        complete: False if it was stopped early and the result is partial.
        lost: A sentence on what the format has no place for; empty where that is nothing.
    """

    path: Path
    complete: bool = True
    lost: str = ""


class Export(RunSession):
    """One export at a time; its work returns a `Written`.

    Signals:
        told: A sentence on the export that has just ended; empty when another one begins.
        lost: A sentence on what the format of that export has no place for.
    """

    told = Signal(str)
    lost = Signal(str)

    def __init__(self, stopping: str = SessionState.STOPPING, parent: QObject | None = None) -> None:
        super().__init__("Export", stopping=stopping, parent=parent)
        self.written: Written | None = None
        self.ended.connect(self._tell)

    def begin(self, work: Work, command: str = "") -> None:
        """Begin to write; the command that does the same goes into the log."""
        if command:
            log.info("Exporting: %s", command)
        self.told.emit("")
        self.start(work)

    @Slot(object)
    def _tell(self, written: Written | None) -> None:
        self.written = written
        if written is None:
            return
        log.info("Exported %s" if written.complete else "Stopped; the partial result is in %s", written.path)
        self.told.emit(f"Exported {written.path.name}." if written.complete else "")
        if written.lost:
            log.warning("%s", written.lost)
            self.lost.emit(written.lost)
