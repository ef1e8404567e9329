"""The log panel: what happened when, with a choice of level and a button to copy."""

import logging

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.log import LogLine, SessionLog
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.properties import with_properties

LEVELS = {"Everything": logging.INFO, "Warnings and errors": logging.WARNING, "Errors only": logging.ERROR}
LONGEST = 5000


class LogPanel(QWidget):
    """Shows the session's log lines from the chosen level on."""

    def __init__(self, log: SessionLog, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._theme = theme
        self.level = with_properties(QComboBox(), toolTip="Lines to show", accessibleName="Level of the log")
        self.level.addItems(list(LEVELS))
        self.level.currentIndexChanged.connect(self._rewrite)
        self.copy = with_properties(
            QToolButton(), toolTip="Copy the displayed lines", accessibleName="Copy the displayed lines"
        )
        self.copy.clicked.connect(self._copy)
        self.text = _make_text()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._make_header())
        layout.addWidget(self.text)
        log.added.connect(self._append)
        self.use_theme(theme)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Write the lines in the colors of `theme`."""
        self._theme = theme
        self.copy.setIcon(icon("copy", theme))
        self._rewrite()

    def _make_header(self) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setContentsMargins(12, 6, 8, 2)
        header.setSpacing(8)
        header.addWidget(QLabel("Show"))
        header.addWidget(self.level)
        header.addStretch()
        header.addWidget(self.copy)
        return header

    @Slot()
    def _rewrite(self) -> None:
        self.text.clear()
        self._append(self._log.lines[-LONGEST:])

    @Slot(list)
    def _append(self, lines: list[LogLine]) -> None:
        lowest = LEVELS[self.level.currentText()]
        bar = self.text.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 4
        for line in lines:
            if line.level >= lowest:
                self._write(line)
        if follow:
            bar.setValue(bar.maximum())

    def _write(self, line: LogLine) -> None:
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self.text.document().isEmpty():
            cursor.insertBlock()
        style = QTextCharFormat()
        style.setForeground(QColor(self._theme.muted))
        cursor.insertText(f"{line.time:%H:%M:%S}  ", style)
        style.setForeground(QColor(self._color(line.level)))
        cursor.insertText(line.text, style)

    def _color(self, level: int) -> str:
        if level >= logging.ERROR:
            return self._theme.danger
        return self._theme.warning if level >= logging.WARNING else self._theme.text

    @Slot()
    def _copy(self) -> None:
        lowest = LEVELS[self.level.currentText()]
        shown = [str(line) for line in self._log.lines if line.level >= lowest]
        QGuiApplication.clipboard().setText("\n".join(shown))


def _make_text() -> QPlainTextEdit:
    text = with_properties(QPlainTextEdit(readOnly=True), accessibleName="Log")
    text.setMaximumBlockCount(LONGEST)
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    text.setFont(font)
    text.setPlaceholderText("Log messages appear here.")
    return text
