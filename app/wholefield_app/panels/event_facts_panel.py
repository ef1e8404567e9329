"""The recording panel: what is known of the open recording."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from wholefield_app.panels.scrolling import scrolling
from wholefield_app.widgets.elided import ElidedLabel
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.properties import with_properties

NOTHING = "Open a recording to see its format, sensor, length and event rate."
INDEXING = "Reading the whole recording once for the event rate; everything else already works."
WHOLE = 1000
# Text wraps between words; one that is longer may be wider than the panel.
LONGEST_WORD = 24


class EventFactsPanel(QWidget):
    """Names and values, and how far the reading of the whole file is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = muted(NOTHING)
        self.progress = with_properties(
            QProgressBar(textVisible=False), accessibleName="Reading the recording"
        )
        self.progress.setRange(0, WHOLE)
        self.rows = QFormLayout()
        self.rows.setVerticalSpacing(4)
        self.rows.setHorizontalSpacing(12)
        self.rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        inner = _Rows()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.hint)
        layout.addWidget(self.progress)
        layout.addLayout(self.rows)
        layout.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner))
        self.show_facts([])

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show names and values; none while nothing is open."""
        while self.rows.rowCount():
            self.rows.removeRow(0)
        for name, value in facts:
            self.rows.addRow(muted(name), _value(value))
        self.hint.setText(NOTHING)
        self.hint.setVisible(not facts)
        self.progress.hide()

    def show_progress(self, share: float) -> None:
        """Show how much of the file is read, 0 to 1."""
        self.hint.setText(INDEXING)
        self.hint.show()
        self.progress.setValue(round(WHOLE * share))
        self.progress.show()


class _Rows(QWidget):
    """Asks for other heights of its rows when it gets narrower: the form keeps those of the width before."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the rows out again."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width() and (layout := self.layout()) is not None:
            layout.invalidate()
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))


def _value(text: str) -> QLabel:
    if Path(text).is_absolute() or max(map(len, text.split()), default=0) > LONGEST_WORD:
        return ElidedLabel(text)
    label = with_properties(QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText), toolTip=text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
