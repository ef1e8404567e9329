"""The dialogs in which the user chooses stacks and names for exports."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from wholefield.sources.kinds import Kind
from wholefield_app.document.dialogs import open_filters
from wholefield_app.workspaces.stacks.exporting import FILTERS


def ask_for_stack(parent: QWidget, title: str, start: Path) -> Path | None:
    """A file with a stack, or None."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(start), open_filters(Kind.STACK))
    return Path(name) if name else None


def ask_for_slices(parent: QWidget, start: Path) -> Path | None:
    """A folder of slices, or None."""
    name = QFileDialog.getExistingDirectory(parent, "Choose a folder of slices", str(start))
    return Path(name) if name else None


def ask_for_export(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a stack, or None; always with an ending of the chosen format."""
    name, chosen = QFileDialog.getSaveFileName(
        parent, "Export the stack", str(suggestion), ";;".join(FILTERS)
    )
    if not name:
        return None
    path, kind = Path(name), FILTERS.get(chosen)
    return path if "." in path.name or kind is None else path.with_name(path.name + kind.suffixes[0])


def ask_for_picture(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a picture, or None; always with the suffix .png."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the view as a picture", str(suggestion), "Pictures (*.png)"
    )
    return Path(name).with_suffix(".png") if name else None
