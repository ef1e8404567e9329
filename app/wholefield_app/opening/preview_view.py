"""Shows what a file looks like with the answers given: a picture, rows and lines, or why it cannot be read so."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontDatabase, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.opening.look import Look, Rows
from wholefield_app.theme.icons import pixmap
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import heading, muted
from wholefield_app.widgets.properties import with_properties

MARK = 32
SMALLEST = QSize(280, 180)
TABLE_HEIGHT = 178
READING = "Reading the file…"


class Picture(QWidget):
    """A picture as large as it fits."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._canvas = QColor(theme.canvas)
        self.image = QImage()
        self.setMinimumSize(SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_image(self, image: QImage) -> None:
        """Show another picture."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it in the middle."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._canvas)
            if self.image.isNull():
                return
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
            painter.drawImage(QRectF(left, top, size.width(), size.height()), self.image)


class PreviewView(QFrame):
    """The preview of a dialog."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.picture = Picture(theme)
        self.mark = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.refusal = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.refusal.setTextFormat(Qt.TextFormat.PlainText)
        self.facts = muted(READING)
        self.table = with_properties(
            QTreeWidget(),
            rootIsDecorated=False,
            uniformRowHeights=True,
            accessibleName="First events as they are read",
        )
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.header().setMinimumSectionSize(40)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.lines = with_properties(QPlainTextEdit(), accessibleName="First lines of the file")
        self.lines.setReadOnly(True)
        self.lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._of_lines = _titled("First lines of the file", self.lines)
        self._of_table = _titled("First events as they are read", self.table)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.picture)
        self._pages.addWidget(self._make_refusal())
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self._of_lines, 1)
        below.addWidget(self._of_table, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.facts)
        layout.addLayout(below)
        for part in (self._of_lines, self._of_table):
            part.hide()

    def wait(self) -> None:
        """Say that the file is being read; what is seen stays until then."""
        self.facts.setText(READING)

    def show_look(self, look: Look) -> None:
        """Show what a file looks like."""
        if look.readable:
            self.picture.show_image(look.picture or QImage())
            self.picture.setAccessibleName(look.facts)
            self.facts.setText("\n".join((look.facts, *look.warnings)))
        else:
            self.refuse(look.sentence)
        self._pages.setCurrentIndex(0 if look.readable else 1)
        self._of_lines.setVisible(bool(look.lines))
        self.lines.setPlainText("\n".join(look.lines))
        self._of_table.setVisible(look.rows is not None)
        if look.rows is not None:
            self._fill(look.rows)

    def refuse(self, sentence: str) -> None:
        """Say in place of the picture why the file cannot be read so."""
        self.mark.setPixmap(pixmap("error", self._theme.warning, MARK))
        self.refusal.setText(sentence)
        self.facts.clear()
        self._pages.setCurrentIndex(1)

    def _fill(self, rows: Rows) -> None:
        self.table.clear()
        self.table.setHeaderLabels(list(rows.titles))
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.addTopLevelItems([QTreeWidgetItem(list(row)) for row in rows.rows])

    def _make_refusal(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addStretch()
        layout.addWidget(self.mark)
        layout.addWidget(self.refusal)
        layout.addStretch()
        return page


def _titled(title: str, widget: QWidget) -> QWidget:
    part = QWidget()
    part.setFixedHeight(TABLE_HEIGHT)
    layout = QVBoxLayout(part)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(heading(title))
    layout.addWidget(widget, 1)
    return part
