"""Opens what a user names: one slide, or a folder of slides; and makes thumbnails. Runs in worker threads."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from wholefield_app.workspaces.slides.project import SlideProject, find_slides, read_project

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

THUMBNAIL = 96


def open_path(path: Path) -> "ImageSource | SlideProject":
    """Open a slide, or list a folder of slides.

    Raises:
        SourceError: Neither works; the text says why.
    """
    from wholefield.sources import open_image

    if path.is_dir() and not _is_one_slide(path):
        return read_project(path)
    return open_image(path)


def let_go(found: "ImageSource | SlideProject") -> None:
    """Close what was opened and is not wanted any more."""
    if not isinstance(found, SlideProject):
        found.close()


def make_thumbnail(path: Path) -> QImage:
    """A small picture of the slide at `path`, at most 96 px a side.

    Raises:
        SourceError: The slide cannot be read.
    """
    from wholefield.sources import default_display, open_image, to_display

    with open_image(path) as source:
        display = default_display(source)
        colours = to_display(source.thumbnail(THUMBNAIL), display).copy()
    height, width = colours.shape[:2]
    # The picture must own its pixels: the array goes when this function returns.
    return QImage(colours.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _is_one_slide(folder: Path) -> bool:
    """Whether a folder is itself an image: OME-Zarr, or a DICOM slide in several files."""
    if folder.suffix.lower() == ".zarr" or (folder / ".zattrs").exists() or (folder / "zarr.json").exists():
        return True
    slides = find_slides(folder)
    return bool(slides) and all(path.suffix.lower() == ".dcm" for path in slides)
