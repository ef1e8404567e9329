"""What Qt has to say goes into the log, where a user can see it, instead of to a terminal that may not be there."""

import atexit
import logging
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
# Said for every window where there is no screen, as in `--screenshot`; nobody can do anything about it.
OFFSCREEN = "This plugin does not support propagateSizeHints()"

log = logging.getLogger("Qt")


def log_qt_messages() -> None:
    """Hand messages of Qt to Python's logging until the program ends."""
    qInstallMessageHandler(_log)
    # Qt may say something after Python is gone.
    atexit.register(qInstallMessageHandler, None)


def _log(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    del context
    if kind == QtMsgType.QtFatalMsg:  # Qt ends the program now, and the log with it
        print(text, file=sys.stderr, flush=True)
    if text != OFFSCREEN:
        log.log(LEVELS[kind], "%s", text)
