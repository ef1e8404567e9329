"""Undo and redo: every edit keeps the old values of what it changed, and nothing else."""

from __future__ import annotations

from collections import deque
from typing import Protocol

STEPS = 1000


class Change(Protocol):
    """One edit that has been made."""

    def swap(self) -> None:
        """Put back the old state, or the new one after that: each call goes to the other."""


class History:
    """The edits that can be undone and made again; both cost what the edit itself did.

    Example:
        >>> from wholefield.labels import History
        >>> class Count:
        ...     def __init__(self): self.value, self.other = 1, 0
        ...     def swap(self): self.value, self.other = self.other, self.value
        >>> history, count = History(), Count()
        >>> history.add(count)
        >>> history.undo(), count.value, history.redo(), count.value, history.redo()
        (True, 0, True, 1, False)
    """

    def __init__(self, steps: int = STEPS) -> None:
        """Start empty; of more than `steps` edits the oldest are forgotten."""
        self._done: deque[Change] = deque(maxlen=steps)
        self._undone: list[Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to make again."""
        return bool(self._undone)

    def add(self, change: Change) -> None:
        """Take in an edit that has been made; what was undone before cannot be made again."""
        self._done.append(change)
        self._undone.clear()

    def undo(self) -> bool:
        """Undo the last edit; False where there is none."""
        if not self._done:
            return False
        change = self._done.pop()
        change.swap()
        self._undone.append(change)
        return True

    def redo(self) -> bool:
        """Make the edit again that was undone last; False where there is none."""
        if not self._undone:
            return False
        change = self._undone.pop()
        change.swap()
        self._done.append(change)
        return True

    def clear(self) -> None:
        """Forget all edits."""
        self._done.clear()
        self._undone.clear()
