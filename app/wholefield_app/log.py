"""The log of a session: what Python's logging and the runs say, delivered in the GUI thread."""

import logging
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, Signal, Slot

from wholefield_app.mailbox import Mailbox

OURS = ("wholefield", "wholefield_app", "wholefield_resources")


@dataclass(frozen=True)
class LogLine:
    """One line of the log; `level` is a level of the logging module."""

    time: datetime
    level: int
    text: str

    def __str__(self) -> str:
        """The line as it is copied: time, level, text."""
        return f"{self.time:%H:%M:%S}  {logging.getLevelName(self.level):<7}  {self.text}"


class SessionLog(QObject):
    """Collects log lines from every thread; our own from INFO on, those of libraries from WARNING on.

    Signals:
        added: A list of new LogLine.
    """

    added = Signal(list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[LogLine] = []
        self._mailbox = Mailbox(interval_ms=100, parent=self)
        self._mailbox.arrived.connect(self._add)
        self._handler = _MailHandler(self._mailbox)

    def install(self) -> None:
        """Listen to Python's logging."""
        logging.getLogger().addHandler(self._handler)
        for name in OURS:
            logging.getLogger(name).setLevel(logging.INFO)

    def remove(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self._handler)
        self._mailbox.close()

    @Slot(list)
    def _add(self, lines: list[LogLine]) -> None:
        self.lines.extend(lines)
        self.added.emit(lines)


class _MailHandler(logging.Handler):
    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(logging.INFO)
        self._mailbox = mailbox

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in OURS or record.levelno >= logging.WARNING:
            time = datetime.fromtimestamp(record.created)
            self._mailbox.put(LogLine(time, record.levelno, record.getMessage()))
