"""Which labels the open target holds: counted in the background."""

import threading
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from wholefield.sources.choices import Reading
from wholefield_app.background import Task
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.stacks.opening import OpenStack

MOST_SHOWN = 12
COUNTING = "Reading the labels of the target…"


class LabelCount(QObject):
    """Counts the values of one stack at a time.

    Signals:
        changed: What is known, as a sentence; empty without a stack.
    """

    changed = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._task: Task | None = None
        self._stop = threading.Event()
        self._of: OpenStack | None = None

    def follow(self, stack: OpenStack | None) -> None:
        """Count the values of another stack, or of none."""
        if stack is self._of:
            return
        self.stop()
        self._of = stack
        if stack is None:
            self.changed.emit("")
            return
        self._stop = threading.Event()
        self.changed.emit(COUNTING)
        self._task = self._services.background.run(
            count, stack.source.path, stack.reading_now, self._stop, then=self._tell, failed=self._refuse
        )

    def stop(self) -> None:
        """Count no more."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _tell(self, counts: dict[int, int]) -> None:
        self.changed.emit(describe_labels(counts))

    def _refuse(self, problem: Problem) -> None:
        self.changed.emit(problem.sentence)


class Stopped(Exception):
    """The labels are no longer needed."""


def count(path: Path, reading: Reading, stop: threading.Event) -> dict[int, int]:
    """How often every value of a stack occurs; called in a worker thread, opens the stack for itself.

    Raises:
        Stopped: `stop` was set.
        WholefieldError: The values are no labels, or the stack cannot be read.
    """
    from wholefield.sources import open_stack
    from wholefield.tasks.stacks.data.labels import count_labels

    def done(number: int) -> None:
        del number
        if stop.is_set():
            raise Stopped

    with open_stack(path, reading=reading) as stack:
        return count_labels(stack, range(stack.shape[0]), done).counts


def describe_labels(counts: Mapping[int, int]) -> str:
    """The values of a stack of labels with their shares of the voxels, such as "In the target: 0 (83%), 1 (17%)"."""
    total = sum(counts.values())
    shares = [f"{value} ({_percent(count / total)})" for value, count in sorted(counts.items())]
    more = f" and {len(shares) - MOST_SHOWN} more" if len(shares) > MOST_SHOWN else ""
    return f"In the target: {', '.join(shares[:MOST_SHOWN])}{more}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"
