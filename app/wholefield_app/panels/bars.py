"""Probabilities of classes as bars; click one to choose its class."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from wholefield_app.theme.theme import Theme

ROW = 28
BAR = 6
PAD = 8


@dataclass(frozen=True)
class Probability:
    """How likely a class is, 0 to 1."""

    name: str
    value: float


class ProbabilityBars(QWidget):
    """One row per class: name, percentage, bar.

    Signals:
        chosen: Index of the class that the user clicked or went to with the arrow keys.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[Probability, ...] = ()
        self.current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Class probabilities")

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.update()

    def set_rows(self, rows: tuple[Probability, ...], current: int) -> None:
        """Show `rows` with the one at `current` chosen."""
        self._rows = rows
        self.current = current
        self.setAccessibleDescription(", ".join(f"{row.name} {row.value:.1%}" for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as the rows."""
        return QSize(160, ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        """Every row is always in sight."""
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class under the pointer."""
        self._choose(int(event.position().y() // ROW))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the next or previous class."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._choose(self.current + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, row in enumerate(self._rows):
                self._paint_row(
                    painter, QRectF(0, index * ROW, self.width(), ROW), row, index == self.current
                )

    def _paint_row(self, painter: QPainter, area: QRectF, row: Probability, chosen: bool) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen:
            painter.setBrush(QColor(theme.selection))
            painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 4, 4)
        text = area.adjusted(PAD, 2, -PAD, -BAR - 4)
        painter.setPen(QPen(QColor(theme.text)))
        number = f"{row.value:.1%}"
        number_width = painter.fontMetrics().horizontalAdvance(number) + PAD
        name = painter.fontMetrics().elidedText(
            row.name, Qt.TextElideMode.ElideRight, int(text.width() - number_width)
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        track = QRectF(area.left() + PAD, area.bottom() - BAR - 2, area.width() - 2 * PAD, BAR - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.window if chosen else theme.border))
        painter.drawRoundedRect(track, 2, 2)
        painter.setBrush(QColor(theme.accent))
        painter.drawRoundedRect(
            QRectF(track.topLeft(), track.bottomRight()).adjusted(0, 0, -track.width() * (1 - row.value), 0),
            2,
            2,
        )

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._rows) and index != self.current:
            self.current = index
            self.update()
            self.chosen.emit(index)
