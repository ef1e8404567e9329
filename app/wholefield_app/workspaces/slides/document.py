"""The open slide: how a slide or a folder of slides is opened, and its properties."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QImage

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield_app.document.document import Document, Role
from wholefield_app.opening import sources
from wholefield_app.opening.unanswered import Unanswered, open_or_ask
from wholefield_app.workspaces.slides.project import SlideProject, find_slides, read_project

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

# Side of the square in the middle of the coarsest level that is read before a slide is shown.
GLANCE = 64

log = logging.getLogger(__name__)


class SlideDocument(Document["ImageSource"]):
    """Holds one slide; a folder becomes a project.

    Signals:
        project_found: The SlideProject of a folder that was opened.
    """

    project_found = Signal(object)

    @property
    def path(self) -> Path | None:
        """The file of the slide."""
        return self.input.path if self.input is not None else None

    def properties(self) -> list[tuple[str, str]]:
        """Format, size, levels and spacing, and other metadata of the file."""
        return describe_slide(self.input) if self.input is not None else []

    def small_pictures(self) -> Callable[[], list[tuple[str, QImage]]] | None:
        """Reads the label, the macro image and the like."""
        source = self.input
        return partial(read_associated, source) if source is not None and source.associated else None

    def show(self, path: Path) -> None:
        """Open a slide of the project."""
        self.open(path, remembered=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is left out, assumed or converted."""
        return tuple(self.input.warnings) if self.input is not None else ()

    def reader(self, role: Role, reading: Reading | None) -> Callable[[Path], Any]:
        """Opens a slide, or lists a folder of slides."""
        del role
        return partial(open_path, reading=reading)

    def release(self, found: Any) -> None:
        """Close a slide; a project holds no files open."""
        if not isinstance(found, SlideProject):
            found.close()

    def take(self, role: Role, found: Any, named: Path | None) -> None:
        """Show a slide, or tell of a project."""
        if not isinstance(found, SlideProject):
            log.info("Opened %s (%s, %d × %d px)", found.path, found.format_name, found.width, found.height)
            super().take(role, found, named)
            return
        if named is not None:
            self.opened.emit(named)
        self.project_found.emit(found)


def open_path(path: Path, reading: Reading | None = None) -> "ImageSource | SlideProject | Unanswered":
    """Open a slide, list a folder of slides, or tell what has to be answered; called in a worker thread.

    Raises:
        SourceError: Neither works; the text says why.
    """
    if path.is_dir() and not _is_one_slide(path):
        return read_project(path)
    return open_or_ask(path, Kind.IMAGE, reading, _open)


def _open(path: Path, reading: Reading) -> "ImageSource":
    """Open a slide whose pixels can be read: what turns out to be damaged must not replace the slide of before."""
    slide: ImageSource = sources.open_source_as(Kind.IMAGE, path, reading)
    try:
        last = len(slide.levels) - 1
        width, height = (min(side, GLANCE) for side in (slide.levels[last].width, slide.levels[last].height))
        x, y = (slide.levels[last].width - width) // 2, (slide.levels[last].height - height) // 2
        slide.read_region(last, x, y, width, height)
    except BaseException:
        slide.close()
        raise
    return slide


def read_associated(source: "ImageSource") -> list[tuple[str, QImage]]:
    """The pictures that come with a slide, with their names; damaged ones are left out, with a line in the log."""
    found = []
    for name in source.associated:
        try:
            pixels = source.associated[name]
        except SourceError as error:
            log.warning("%s", error)
            continue
        colors = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
        height, width = colors.shape[:2]
        image = QImage(colors.data, width, height, colors.strides[0], QImage.Format.Format_RGB888).copy()
        found.append((name.capitalize(), image))
    return found


def describe_slide(source: "ImageSource") -> list[tuple[str, str]]:
    """Names and values of all properties, the important ones first."""
    rows = [
        ("File", str(source.path)),
        ("Format", source.format_name),
        ("Size", f"{source.width:,} × {source.height:,} px"),
        ("Channels", f"{source.channels} × {source.dtype}"),
        ("Spacing", _spacing(source)),
    ]
    for index, level in enumerate(source.levels):
        size = f"{level.width:,} × {level.height:,} px, 1 : {level.downsample:.4g}"
        rows.append((f"Level {index}", size))
    rows += [("Warning", warning) for warning in source.warnings]
    return rows + sorted(source.metadata.items())


def _spacing(source: "ImageSource") -> str:
    if source.spacing is None:
        return "not in the file"
    y, x = source.spacing
    return f"{x:.4g} × {y:.4g} µm per pixel"


def _is_one_slide(folder: Path) -> bool:
    """Whether a folder is itself an image: OME-Zarr, or a DICOM slide in several files."""
    if folder.suffix.lower() == ".zarr" or (folder / ".zattrs").exists() or (folder / "zarr.json").exists():
        return True
    slides = find_slides(folder)
    return bool(slides) and all(path.suffix.lower() == ".dcm" for path in slides)
