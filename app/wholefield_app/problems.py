"""Errors as the window shows them: a sentence for the user, details for a bug report."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from wholefield.errors import WholefieldError
from wholefield.runs.own_process.supervisor import UnexpectedError

UNEXPECTED = "An unexpected error occurred ({reason}). Copy the details to report it; your files are safe."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """Something went wrong.

    Attributes:
        sentence: What happened and what to do next.
        details: Where in the program, for a report to the authors; empty where the sentence says it all.
        path: A file that could not be opened, and may be opened as something else; None for any other problem.
    """

    sentence: str
    details: str = ""
    path: Path | None = None

    @classmethod
    def from_error(cls, error: BaseException) -> Self:
        """The text of an error meant for the user; a general sentence with details for any other."""
        if isinstance(error, WholefieldError):
            return cls(str(error))
        what = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {what[0]}" if what else type(error).__name__
        if isinstance(error, UnexpectedError):
            return cls(UNEXPECTED.format(reason=what[0]), error.details)
        return cls(UNEXPECTED.format(reason=reason), "".join(traceback.format_exception(error)))


class ExceptionHooks:
    """While installed, uncaught errors, in any thread, go to `report` in the thread they arose in."""

    def __init__(self, report: Callable[[Problem], None]) -> None:
        self._report = report
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        """Take over the hooks of the interpreter."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error

    def remove(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self._report(Problem.from_error(error))

    def _on_thread_error(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._report(Problem.from_error(arguments.exc_value))
