"""The read-outs of the status bar: what is under the mouse, and how large the view shows it."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget


class Readouts(QObject):
    """Two labels; a workspace says what they show."""

    def __init__(self, parent: QObject, cursor_width: int = 420, zoom_width: int = 70) -> None:
        """Make labels of at least the given width in px, so that nothing beside them moves."""
        super().__init__(parent)
        self.cursor, self.zoom = QLabel(), QLabel()
        for label, width in ((self.cursor, cursor_width), (self.zoom, zoom_width)):
            label.setMinimumWidth(width)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)

    @property
    def widgets(self) -> list[QWidget]:
        """The labels."""
        return [self.cursor, self.zoom]

    def show_cursor(self, text: str) -> None:
        """Say what is under the mouse; an empty text says nothing."""
        self.cursor.setText(text)

    def show_zoom(self, text: str) -> None:
        """Say how large things are shown; without that there is nothing under the mouse either."""
        self.zoom.setText(text)
        if not text:
            self.cursor.clear()
