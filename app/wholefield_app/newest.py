"""A background call whose arguments change faster than it can answer, and of which every answer is shown."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from wholefield_app.background import Background, Task
from wholefield_app.problems import Problem


class Newest(QObject):
    """Calls one function, one call at a time; while it works, only the newest of the further wishes is kept.

    Unlike `wholefield_app.latest.Latest` it also tells answers that newer wishes have overtaken: what plays goes on
    moving although no answer is ever the newest.

    Signals:
        answered: What the function returned.
        failed: The Problem that it raised.
    """

    answered = Signal(object)
    failed = Signal(object)

    def __init__(
        self, background: Background, function: Callable[..., Any], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._function = function
        self._task: Task | None = None
        self._wanted: tuple[Any, ...] | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._task is not None

    def ask(self, *arguments: Any) -> None:
        """Want the answer to these arguments, and to no others any more."""
        self._wanted = arguments
        if self._task is None:
            self._begin()

    def drop(self) -> None:
        """Want nothing; what is being worked on is not told."""
        self._wanted = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        arguments, self._wanted = self._wanted, None
        if arguments is not None:
            self._task = self._background.run(
                self._function, *arguments, then=self._take, failed=self._refuse
            )

    def _take(self, result: Any) -> None:
        self._task = None
        self._begin()
        self.answered.emit(result)

    def _refuse(self, problem: Problem) -> None:
        self._task = None
        self._begin()
        self.failed.emit(problem)
