"""What a panel says of itself so that the window can fold it while it has nothing to show."""

from abc import abstractmethod

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Foldable(QWidget):
    """A panel that is out of sight until it has something to show, unless the user opened or closed it.

    Signals:
        content_changed: `has_content` may have changed.
    """

    content_changed = Signal()

    @property
    @abstractmethod
    def has_content(self) -> bool:
        """Whether there is something to show."""


def has_content(widget: QWidget) -> bool:
    """Whether a panel has something to show; every panel that does not fold has."""
    return widget.has_content if isinstance(widget, Foldable) else True
