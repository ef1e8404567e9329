"""Labels with a role: the style sheet decides how a heading or an explanation looks."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def heading(text: str) -> QLabel:
    """A heading inside a panel."""
    return _label(text, "heading")


def muted(text: str = "") -> QLabel:
    """A text that explains; wraps."""
    label = _label(text, "muted")
    label.setWordWrap(True)
    return label


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
