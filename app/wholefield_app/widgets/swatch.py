"""A square of a color, as an icon of a row."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap


def swatch(color: tuple[int, int, int]) -> QIcon:
    """A square of a color, the same in a selected row."""
    square = QPixmap(24, 24)
    square.fill(Qt.GlobalColor.transparent)
    with QPainter(square) as painter:
        painter.fillRect(2, 2, 20, 20, QColor(*color))
    made = QIcon(square)
    made.addPixmap(square, QIcon.Mode.Selected)
    return made
