"""Work off the GUI thread: a function runs in a worker thread, its outcome comes back in the GUI thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Slot

from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem


class Task:
    """One piece of background work; after `cancel` nothing of it reaches the window."""

    def __init__(
        self,
        then: Callable[[Any], None],
        failed: Callable[[Problem], None],
        dropped: Callable[[Any], None],
    ) -> None:
        self.then = then
        self.failed = failed
        self.dropped = dropped
        self.cancelled = False

    def cancel(self) -> None:
        """Drop the outcome; work that has not begun is not done."""
        self.cancelled = True


@dataclass(frozen=True)
class _Outcome:
    task: Task
    result: Any = None
    problem: Problem | None = None
    done: bool = True

    def hand_over(self) -> None:
        """Call back whom it concerns."""
        if self.task.cancelled:
            self.drop()
        elif self.problem is None:
            self.task.then(self.result)
        else:
            self.task.failed(self.problem)

    def drop(self) -> None:
        """Discard a result that is no longer needed."""
        if self.done and self.problem is None:
            self.task.dropped(self.result)


def _ignore(result: Any) -> None:
    """A result without files or threads needs no care."""


class Background(QObject):
    """A few worker threads for opening files, thumbnails and the like; long runs have their own thread."""

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._open = 0
        self._outcomes = Mailbox(parent=self)
        self._outcomes.arrived.connect(self._hand_over)

    @property
    def busy(self) -> bool:
        """Whether any work is waiting, running, or its outcome not yet handed over."""
        return self._open > 0

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        then: Callable[[Any], None],
        failed: Callable[[Problem], None],
        dropped: Callable[[Any], None] = _ignore,
    ) -> Task:
        """Call `function(*arguments)` in a worker thread.

        Args:
            function: The work; must not touch a widget.
            arguments: Its arguments.
            then: Called in the GUI thread with the result.
            failed: Called in the GUI thread with the Problem if the work raised an error.
            dropped: Called in the GUI thread, instead of `then`, with a result that came after `cancel`.

        Returns:
            The task, to cancel it.
        """
        task = Task(then, failed, dropped)
        self._open += 1
        self._pool.submit(self._work, task, function, arguments)
        return task

    def close(self) -> None:
        """Let the work in hand come to its end, begin no other, and drop all results."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for outcome in self._outcomes.close():
            outcome.drop()

    def _work(self, task: Task, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._outcomes.put(_do(task, function, arguments))

    @Slot(list)
    def _hand_over(self, outcomes: list[_Outcome]) -> None:
        self._open -= len(outcomes)
        for outcome in outcomes:
            outcome.hand_over()


def _do(task: Task, function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Outcome:
    if task.cancelled:
        return _Outcome(task, done=False)
    try:
        return _Outcome(task, result=function(*arguments))
    except Exception as error:  # every error becomes a sentence in the window
        return _Outcome(task, problem=Problem.from_error(error))
