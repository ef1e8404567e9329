"""The table of a network's layers."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from wholefield.tasks.slides.layer_rows import HEADINGS, LayerRow

TIMES = "×"
# The first columns are words, the others numbers.
WORDS = 2
WIDEST = 180
PADDING = 14
ROW_HEIGHT = 20
FONT_SHARE = 0.9
# What matters most for tiles comes first; the rest is a scroll away.
LAST = ("operation", "channels")
ABOUT = {
    "layer": "Path of the layer in the network.",
    "operation": "What the layer does.",
    "kernel": "Positions that its window reads along each axis.",
    "stride": "Positions from one window to the next.",
    "dilation": "Positions from one tap of the window to the next.",
    "field": "Receptive field: pixels of the image that one position of its output sees.",
    "stride so far": "Pixels of the image from one position of its output to the next.",
    "halo": "Rows and columns of its output that a tile passes on to the next.",
    "channels": "Channels of its output.",
    "output": "Width and height of its output for the whole image.",
    "memory": "Memory of the largest block that a tile holds of its output, halos included.",
}


class LayerModel(QAbstractTableModel):
    """Layers as rows, HEADINGS as columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: Sequence[LayerRow] = ()
        self._cells: list[tuple[str, ...]] = []
        self._words = QFont(parent.font())
        self._words.setPointSizeF(FONT_SHARE * self._words.pointSizeF())
        self._numbers = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._numbers.setStyleHint(QFont.StyleHint.Monospace)
        self._numbers.setPointSizeF(self._words.pointSizeF())

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show these layers."""
        self.beginResetModel()
        self.rows = rows
        self._cells = [(row.name, *row.cells(TIMES)[1:]) for row in rows]
        self.endResetModel()

    def width(self, column: int) -> int:
        """Px that the longest text of a column takes; far cheaper than asking Qt, which measures every cell."""
        longest = max((cells[column] for cells in self._cells), key=len, default="")
        cell = QFontMetrics(self._font(column)).horizontalAdvance(longest)
        heading = QFontMetrics(self._words)
        lines = self.headerData(column, Qt.Orientation.Horizontal).splitlines()
        return max(cell, *(heading.horizontalAdvance(line) for line in lines))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Number of layers."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Number of headings."""
        return 0 if parent.isValid() else len(HEADINGS)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words at the left, numbers at the right and all digits equally wide."""
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return self._cells[index.row()][index.column()]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case Qt.ItemDataRole.FontRole:
                return self._font(index.column())
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The heading, and what it means."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return HEADINGS[section].capitalize().replace(" ", "\n", 1)
            case Qt.ItemDataRole.ToolTipRole:
                return ABOUT[HEADINGS[section]]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
            case Qt.ItemDataRole.FontRole:
                return self._words
        return None

    def _font(self, column: int) -> QFont:
        return self._words if column < WORDS else self._numbers


class LayerTable(QTableView):
    """Shows layers, one of them selected.

    Signals:
        layer_changed: Another layer is selected.
    """

    layer_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers")
        self.setAccessibleName("Layers of the network")
        self.layers = LayerModel(self)
        self.setModel(self.layers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        for heading in LAST:
            visual = self.horizontalHeader().visualIndex(HEADINGS.index(heading))
            self.horizontalHeader().moveSection(visual, len(HEADINGS) - 1)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.selectionModel().currentRowChanged.connect(self._tell)

    @property
    def layer(self) -> LayerRow | None:
        """The selected layer."""
        index = self.currentIndex()
        return self.layers.rows[index.row()] if index.isValid() else None

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show these layers; the selected one stays selected where it is among them, else the last is."""
        before = self.layer
        self.layers.set_rows(rows)
        for column in range(len(HEADINGS)):
            self.setColumnWidth(column, min(self.layers.width(column) + PADDING, WIDEST))
        self.select(before)

    def select(self, layer: LayerRow | None) -> None:
        """Select the row of this layer and operation, or the last."""
        keys = [(row.layer, row.operation, row.node) for row in self.layers.rows]
        wanted = None if layer is None else (layer.layer, layer.operation, layer.node)
        row = keys.index(wanted) if wanted in keys else len(keys) - 1
        self.setCurrentIndex(self.layers.index(row, 0))
        # A table that was just filled does not know yet how much of it will be in sight.
        QTimer.singleShot(0, self, self._reveal)

    @Slot()
    def _reveal(self) -> None:
        self.scrollTo(self.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    @Slot()
    def _tell(self) -> None:
        self.layer_changed.emit()


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column < WORDS else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
