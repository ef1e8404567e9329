"""Background calls whose arguments change faster than they can be answered: debounced, and conflated."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wholefield_app.background import Background, Task
from wholefield_app.problems import Problem


class DebouncedCall(QObject):
    """Calls one function with the newest arguments, one call at a time, after they have rested for a moment.

    Signals:
        answered: What the function returned for the newest arguments.
        failed: The Problem that it raised for the newest arguments.
        busy_changed: Whether an answer is still awaited.
    """

    answered = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(
        self,
        background: Background,
        function: Callable[..., Any],
        delay_ms: int = 0,
        parent: QObject | None = None,
        *,
        overtakes: bool = False,
    ) -> None:
        """Prepare to call.

        Args:
            background: Where the function runs.
            function: The function.
            delay_ms: How long arguments have to rest.
            parent: Owner of the call.
            overtakes: Whether a call that is running is abandoned for newer arguments, instead of awaited; for
                functions that may take very long, such as the opening of a large file.
        """
        super().__init__(parent)
        self._overtakes = overtakes
        self._task: Task | None = None
        self._background = background
        self._function = function
        self._waiting: tuple[Any, ...] | None = None
        self._calling = False
        self._wanted = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether an answer is still awaited."""
        return self._wanted

    def ask(self, *arguments: Any) -> None:
        """Ask for the answer to these arguments, and for no other any more."""
        self._waiting = arguments
        self._want(True)
        self._timer.start()

    def drop(self) -> None:
        """Wait for no answer any more."""
        self._timer.stop()
        self._abandon()
        self._waiting = None
        self._want(False)

    @Slot()
    def _start(self) -> None:
        """A call that is running is awaited first, as a rule: two at once would only slow each other down."""
        if self._waiting is not None:
            self._abandon()
        if self._waiting is None or self._calling:
            return
        arguments, self._waiting = self._waiting, None
        self._calling = True
        self._task = self._background.run(self._function, *arguments, then=self._take, failed=self._refuse)

    def _abandon(self) -> None:
        if self._overtakes and self._calling and self._task is not None:
            self._task.cancel()
            self._calling = False

    def _take(self, result: Any) -> None:
        if self._is_newest():
            self.answered.emit(result)

    def _refuse(self, problem: Problem) -> None:
        if self._is_newest():
            self.failed.emit(problem)

    def _is_newest(self) -> bool:
        """Whether the call that has just ended is the one that is wanted; continues with the next otherwise."""
        self._calling = False
        if self._waiting is None:
            newest = self._wanted
            self._want(False)
            return newest
        if not self._timer.isActive():
            self._start()
        return False

    def _want(self, wanted: bool) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self.busy_changed.emit(wanted)


class ConflatedCall(QObject):
    """Calls one function, one call at a time; while it runs, only the newest of the further wishes is kept.

    Unlike `DebouncedCall` it also reports answers that newer wishes have overtaken: what plays keeps moving although
    no answer is ever the newest.

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
        """Want nothing; the answer of a call that is running is not reported."""
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
