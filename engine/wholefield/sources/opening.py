"""Opens any file as what it is, and makes the filters of open dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.sources.choices import Reading
from wholefield.sources.detection import open_as, suffixes_of
from wholefield.sources.kinds import Kind

if TYPE_CHECKING:
    from wholefield.sources.events.recording import Recording
    from wholefield.sources.slides.image import ImageSource
    from wholefield.sources.stacks.stack import StackSource

TITLES = {
    Kind.IMAGE: "Slides and images",
    Kind.STACK: "Stacks",
    Kind.RECORDING: "Event recordings",
    Kind.MODEL: "Models",
}


def open_source(
    path: str | Path, *, reading: Reading | str | None = None
) -> ImageSource | StackSource | Recording:
    """Open a file or folder as what `kind_of` says it is.

    Args:
        path: A slide, picture, stack or recording in any of the formats that are read.
        reading: Answers to what the file leaves open, see `questions_of`.

    Returns:
        An open source; use it as a context manager, or close it.

    Raises:
        UnclearFileError: Two readings fit, or something is missing that `reading` has to say.
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_source
        >>> tifffile.imwrite("scan.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
        >>> with open_source("scan.tif") as stack:
        ...     stack.format_name, stack.shape
        ('TIFF stack', (5, 40, 30))
    """
    source: ImageSource | StackSource | Recording = open_as(None, path, reading)
    return source


def dialog_filter(kind: Kind) -> str:
    """The formats of one kind for an open dialog.

    Args:
        kind: The kind.

    Returns:
        Their name and patterns, as Qt takes them.

    Example:
        >>> from wholefield.sources import Kind, dialog_filter
        >>> dialog_filter(Kind.RECORDING)
        'Event recordings (*.aedat4 ...)'
    """
    return f"{TITLES[kind]} ({' '.join(f'*{suffix}' for suffix in suffixes_of(kind))})"
