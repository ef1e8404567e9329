"""A field for a file or folder: type it, choose it in a dialog, or drop it."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from wholefield.runs.settings import PathKind
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.elided import ElidedLine
from wholefield_app.widgets.properties import with_properties

# As high as the line beside it.
BUTTON = 26
NAMES = {
    PathKind.FILE: "file",
    PathKind.FOLDER: "folder",
    PathKind.ANY: "file or folder",
    PathKind.EXISTING: "file or folder",
    PathKind.NEW: "file",
}


def typed_path(text: str) -> str:
    """A path as it is typed or pasted: in the quotes that file managers copy it with, or as the address of a file."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return QUrl(text).toLocalFile() if text.startswith("file:") else text


class PathField(QWidget):
    """A line with a path and a button that chooses one.

    Signals:
        changed: The path was edited, chosen or set.
        edited: The same, under the name that all fields of a form have.
    """

    changed = Signal()
    edited = Signal()

    def __init__(
        self,
        kind: PathKind,
        title: str,
        suffixes: tuple[str, ...] = (),
        *,
        none: str = "",
        text: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Make the field.

        Args:
            kind: What it names.
            title: What it is called.
            suffixes: How names may end, for the dialog; all where empty.
            none: What an empty line stands for.
            text: Whether its value is the text instead of a path.
            parent: The widget that it is in.
        """
        super().__init__(parent)
        self._kind = kind
        self._title = title
        self._text = text
        self._filter = f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)})" if suffixes else ""
        self.line = _DropLine()
        self.line.setPlaceholderText(none or f"No {NAMES[kind]} chosen")
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self._tell)
        self.button = with_properties(
            QToolButton(autoRaise=True),
            toolTip=f"{title}: choose a {NAMES[kind]}",
            accessibleName=f"Choose {title}",
        )
        self.button.setFixedSize(BUTTON, BUTTON)
        if kind in (PathKind.ANY, PathKind.EXISTING):
            menu = QMenu(self.button)
            menu.addAction("A file…", self._choose_file)
            menu.addAction("A folder…", self._choose_folder)
            self.button.setMenu(menu)
            self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            self.button.clicked.connect(self._choose_folder if kind is PathKind.FOLDER else self._choose_file)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)

    @property
    def path(self) -> Path | None:
        """The path in the field, or None where it is empty."""
        text = typed_path(self.line.text())
        return Path(text).expanduser() if text else None

    def set_path(self, path: Path | None) -> None:
        """Put a path into the field; its end stays in sight."""
        self.line.setText("" if path is None else str(path))

    def read(self) -> Any:
        """The path, or the text, or None."""
        return (typed_path(self.line.text()) or None) if self._text else self.path

    def put(self, value: Any) -> None:
        """Show a value; one that reads the same is left as it is typed."""
        if value != self.read():
            self.set_path(value)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icon in the colors of `theme`."""
        self.button.setIcon(icon("folder", theme))

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
        self.edited.emit()

    @Slot()
    def _choose_file(self) -> None:
        start = str(self.path or Path.home())
        ask = QFileDialog.getSaveFileName if self._kind is PathKind.NEW else QFileDialog.getOpenFileName
        name, _ = ask(self, self._title, start, self._filter)
        if name:
            self.set_path(Path(name))

    @Slot()
    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self._title, str(self.path or Path.home()))
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
