"""Work off the GUI thread: a function runs in a worker thread, its outcome comes back in the GUI thread."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
        self.abandon: Callable[[Task], None] = _ignore

    def cancel(self) -> None:
        """Drop the outcome; work that has not begun is not done, and work in hand keeps no other work waiting."""
        if not self.cancelled:
            self.cancelled = True
            self.abandon(self)


class _Workers:
    """Threads that do work in order, at most so many pieces at once.

    Work that was abandoned while a thread does it, such as the reading of a file that nobody wants to see any more,
    does not count: another thread takes its place, so that the next file never waits for the one before.
    """

    def __init__(self, threads: int) -> None:
        self._limit = threads
        self._change = threading.Condition()
        self._waiting: deque[tuple[Task, Callable[[], None]]] = deque()
        self._in_hand: dict[Task, bool] = {}
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, task: Task, work: Callable[[], None]) -> None:
        """Do work as soon as a thread is free."""
        with self._change:
            self._waiting.append((task, work))
            self._provide()

    def abandon(self, task: Task) -> None:
        """Keep nothing waiting for this piece of work."""
        with self._change:
            if task in self._in_hand:
                self._in_hand[task] = False
                self._provide()

    def close(self) -> None:
        """Begin nothing any more, and wait for the work in hand."""
        with self._change:
            self._closed = True
            self._waiting.clear()
            self._change.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _provide(self) -> None:
        """Wake a thread for what waits, or begin another one."""
        if not self._waiting or sum(self._in_hand.values()) >= self._limit:
            return
        if self._idle:
            self._idle -= 1
            self._change.notify()
            return
        thread = threading.Thread(target=self._run, name=f"background_{len(self._threads)}")
        self._threads.add(thread)
        thread.start()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            task, work = job
            work()
            with self._change:
                del self._in_hand[task]

    def _next(self) -> tuple[Task, Callable[[], None]] | None:
        """What to do next; None where this thread is not needed any more."""
        with self._change:
            while not self._closed:
                if self._waiting and sum(self._in_hand.values()) < self._limit:
                    job = self._waiting.popleft()
                    self._in_hand[job[0]] = True
                    return job
                if self._idle >= self._limit:
                    break
                self._idle += 1
                self._change.wait()
            self._threads.discard(threading.current_thread())
            return None


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
        self._workers = _Workers(threads)
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
        task.abandon = self._workers.abandon
        self._workers.submit(task, partial(self._work, task, function, arguments))
        return task

    def close(self) -> None:
        """Let the work in hand come to its end, begin no other, and drop all results."""
        self._workers.close()
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
