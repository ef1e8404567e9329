"""A row that becomes several where there is no room beside each other."""

from collections.abc import Iterable

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

SPACING = 8


class WrappingRow(QLayout):
    """Places widgets of one width each beside each other, as many in a row as there is room for."""

    def __init__(self, widgets: Iterable[QWidget] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Place one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Release an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        """It is higher where it is narrower."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high the rows are together, in px."""
        heights = self._heights(width)
        return sum(heights) + SPACING * max(len(heights) - 1, 0)

    def sizeHint(self) -> QSize:
        """All in one row."""
        items = self._shown()
        width = len(items) * self._widest(items) + SPACING * max(len(items) - 1, 0)
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:
        """One below the other."""
        items = self._shown()
        return QSize(self._widest(items), max((item.sizeHint().height() for item in items), default=0))

    def setGeometry(self, rect: QRect) -> None:
        """Place them."""
        super().setGeometry(rect)
        items, columns = self._shown(), self._columns(rect.width())
        width = (rect.width() - SPACING * (columns - 1)) // columns
        top = rect.top()
        for row, height in enumerate(self._heights(rect.width())):
            for column, item in enumerate(items[row * columns : (row + 1) * columns]):
                item.setGeometry(QRect(rect.left() + column * (width + SPACING), top, width, height))
            top += height + SPACING

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    @staticmethod
    def _widest(items: list[QLayoutItem]) -> int:
        return max((item.minimumSize().width() for item in items), default=0)

    def _columns(self, width: int) -> int:
        items = self._shown()
        fitting = (width + SPACING) // (self._widest(items) + SPACING)
        return max(1, min(fitting, len(items)))

    def _heights(self, width: int) -> list[int]:
        items, columns = self._shown(), self._columns(width)
        return [
            max(item.sizeHint().height() for item in items[start : start + columns])
            for start in range(0, len(items), columns)
        ]
