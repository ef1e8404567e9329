"""A small map of the tiles of the current image: which the forward sweep has visited, which the reverse."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wholefield.runs.reports import Direction, TileDone
from wholefield_app.theme.theme import Theme

HEIGHT = 64
LARGEST_CELL = 30.0


def cell_color(index: int, report: TileDone, theme: Theme) -> str:
    """Color of the tile number `index` in raster order while `report` is the newest visit.

    The forward sweep goes through the tiles in raster order and colors them; the reverse sweep comes back
    through all of them and colors them again, until none is left.
    """
    rows_and_columns = report.counts
    here = report.index[0] * rows_and_columns[1] + report.index[1]
    if report.sweep is Direction.FORWARD:
        return theme.forward if index <= here else theme.border
    return theme.reverse if index >= here else theme.forward


class SweepMap(QWidget):
    """The tiles as cells; nothing before the first tile."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report: TileDone | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Tiles of the current slide")

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.update()

    def show_tile(self, report: TileDone | None) -> None:
        """Show the visit of a tile as the newest, or nothing."""
        self._report = report
        self.update()

    def sizeHint(self) -> QSize:
        """A strip of fixed height."""
        return QSize(160, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a cell per tile."""
        if self._report is None:
            return
        rows, columns = self._report.counts
        side = min(self.height() / rows, self.width() / columns, LARGEST_CELL)
        gap = min(1.5, side / 5)
        with QPainter(self) as painter:
            painter.setPen(Qt.PenStyle.NoPen)
            for index in range(rows * columns):
                row, column = divmod(index, columns)
                painter.setBrush(QColor(cell_color(index, self._report, self._theme)))
                painter.drawRect(QRectF(column * side, row * side, side - gap, side - gap))
