"""The dialogs in which the user chooses files and folders."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from wholefield.sources.kinds import Kind
from wholefield_app.document.dialogs import open_filters
from wholefield_app.workspaces.slides.exporting import FILTERS


def ask_for_slide(parent: QWidget, start: Path) -> Path | None:
    """A slide to open, or None."""
    name, _ = QFileDialog.getOpenFileName(parent, "Open a slide", str(start), open_filters(Kind.IMAGE))
    return Path(name) if name else None


def ask_for_folder(parent: QWidget, start: Path) -> Path | None:
    """A folder of slides to open, or None."""
    name = QFileDialog.getExistingDirectory(parent, "Open a folder of slides", str(start))
    return Path(name) if name else None


def ask_for_picture(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a picture, or None; always with the suffix .png."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the view as a picture", str(suggestion), "Pictures (*.png)"
    )
    return Path(name).with_suffix(".png") if name else None


def ask_for_class_export(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write the classes of a slide, or None; always with an ending of the chosen format."""
    name, chosen = QFileDialog.getSaveFileName(
        parent, "Export the classes", str(suggestion), ";;".join(FILTERS)
    )
    if not name:
        return None
    path, ending = Path(name), FILTERS.get(chosen, "")
    return path if path.name.lower().endswith(tuple(FILTERS.values())) else path.with_name(path.name + ending)
