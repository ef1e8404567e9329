"""The dialogs in which the user chooses files and folders."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from wholefield.sources.kinds import Kind

PICTURES = "Images (*.png)"


def open_filters(first: Kind) -> str:
    """The filters of an open dialog: the formats of one kind first, then those of the others, then all files."""
    from wholefield.sources import dialog_filter

    kinds = [first, *(kind for kind in Kind if kind is not first)]
    return ";;".join([*(dialog_filter(kind) for kind in kinds), "All files (*)"])


def ask_for_file(parent: QWidget, title: str, start: Path, filters: str) -> Path | None:
    """A file to open, or None."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(start), filters)
    return Path(name) if name else None


def ask_for_folder(parent: QWidget, title: str, start: Path) -> Path | None:
    """A folder to open, or None."""
    name = QFileDialog.getExistingDirectory(parent, title, str(start))
    return Path(name) if name else None


def ask_for_picture(parent: QWidget, title: str, suggestion: Path) -> Path | None:
    """Where to write a picture, or None; always with the suffix .png."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), PICTURES)
    return Path(name).with_suffix(".png") if name else None


def ask_for_export(
    parent: QWidget, title: str, suggestion: Path, formats: Mapping[str, tuple[str, ...]]
) -> Path | None:
    """Where to write an export, or None; always with a suffix of one of the formats.

    Args:
        parent: What the dialog belongs to.
        title: Of the dialog.
        suggestion: The file that is offered.
        formats: The suffixes of the formats by what the dialog calls them; a name without one gets the first.
    """
    name, chosen = QFileDialog.getSaveFileName(parent, title, str(suggestion), ";;".join(formats))
    if not name:
        return None
    path, known = Path(name), tuple(suffix for suffixes in formats.values() for suffix in suffixes)
    if path.name.lower().endswith(known) or chosen not in formats:
        return path
    return path.with_name(path.name + formats[chosen][0])
