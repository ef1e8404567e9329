"""A field for a file or folder: type it, choose it in a dialog, or drop it."""

from enum import Enum
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from wholefield_app.panels.elided import ElidedLine
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme

# As high as the line beside it.
BUTTON = 26


class Kind(Enum):
    """What a path field holds."""

    FILE = "file"
    FOLDER = "folder"


class PathField(QWidget):
    """A line with a path and a button that chooses one.

    Signals:
        changed: The path was edited, chosen or set.
    """

    changed = Signal()

    def __init__(self, kind: Kind, title: str, file_filter: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._title = title
        self._filter = file_filter
        self.line = _DropLine()
        self.line.setPlaceholderText(f"No {kind.value} chosen")
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self.changed)
        self.button = QToolButton(toolTip=f"{title}: choose a {kind.value}", accessibleName=f"Choose {title}")
        self.button.setFixedSize(BUTTON, BUTTON)
        self.button.clicked.connect(self._choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)

    @property
    def path(self) -> Path | None:
        """The path in the field, or None where it is empty."""
        text = self.line.text().strip()
        return Path(text).expanduser() if text else None

    def set_path(self, path: Path | None) -> None:
        """Put a path into the field."""
        self.line.setText("" if path is None else str(path))

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icon in the colors of `theme`."""
        self.button.setIcon(icon("folder", theme))

    @Slot()
    def _choose(self) -> None:
        start = str(self.path or Path.home())
        if self._kind is Kind.FOLDER:
            name = QFileDialog.getExistingDirectory(self, self._title, start)
        else:
            name, _ = QFileDialog.getOpenFileName(self, self._title, start, self._filter)
        if name:
            self.set_path(Path(name))


class _DropLine(ElidedLine):
    """A line that takes a dropped file as its path."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if event.mimeData().hasUrls():
            self.setText(event.mimeData().urls()[0].toLocalFile())
            event.acceptProposedAction()
        else:
            super().dropEvent(event)
