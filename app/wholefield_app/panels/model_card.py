"""What is known of the chosen model, below the list of models."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from wholefield_app.widgets.heading import muted

# What stands in the list already, or is too long for a panel: it is in the tool tip.
LEFT_OUT = ("file",)


class ModelCardView(QWidget):
    """Names and values below each other; hidden while nothing is known of the model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Model card")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self.lines: tuple[tuple[str, str], ...] = ()
        self.hide()

    def show_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show what is known; nothing hides the card."""
        if tuple(lines) == self.lines:
            return
        self.lines = tuple(lines)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        shown = [(name, value) for name, value in lines if name not in LEFT_OUT]
        for row, (name, value) in enumerate(shown):
            label = muted(name.capitalize())
            label.setWordWrap(False)
            self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(_value(value), row, 1)
        self.setVisible(bool(shown))


def _value(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setToolTip(text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(40)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
