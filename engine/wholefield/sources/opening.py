"""Which kind of source a file is opened as, and the filters of open dialogs."""

from __future__ import annotations

from pathlib import Path

from wholefield.sources.events.formats import RECORDING_SUFFIXES
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import Recording
from wholefield.sources.kinds import Kind, kind_of
from wholefield.sources.signatures import SLIDE_SUFFIXES
from wholefield.sources.slides.image import ImageSource
from wholefield.sources.slides.opening import open_image
from wholefield.sources.stacks.formats import STACK_SUFFIXES
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource

ONLY_STACK_SUFFIXES = tuple(suffix for suffix in STACK_SUFFIXES if suffix not in SLIDE_SUFFIXES)


def open_source(path: str | Path) -> ImageSource | StackSource | Recording:
    """Open a file or folder as what `kind_of` says it is.

    Args:
        path: A slide, picture, stack or recording in any of the formats that are read.

    Returns:
        An open source; use it as a context manager, or close it.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_source
        >>> tifffile.imwrite("scan.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
        >>> with open_source("scan.tif") as stack:
        ...     stack.format_name, stack.shape
        ('TIFF stack', (5, 40, 30))
    """
    match kind_of(path):
        case Kind.STACK:
            return open_stack(path)
        case Kind.RECORDING:
            return open_recording(path)
        case None if str(path).lower().endswith(ONLY_STACK_SUFFIXES):
            # Damaged: the reader says how.
            return open_stack(path)
        case _:
            return open_image(path)


def file_filter() -> str:
    """The formats of slides and pictures for an open dialog.

    Returns:
        Their name and patterns, as Qt takes them.

    Example:
        >>> from wholefield.sources import file_filter
        >>> file_filter()
        'Slides and images (*.svs *.tif ...)'
    """
    patterns = " ".join(f"*{suffix}" for suffix in SLIDE_SUFFIXES)
    return f"Slides and images ({patterns})"


def stack_filter() -> str:
    """The formats of stacks for an open dialog.

    Returns:
        Their name and patterns, as Qt takes them.

    Example:
        >>> from wholefield.sources import stack_filter
        >>> stack_filter()
        'Stacks (*.tif *.tiff *.dcm ...)'
    """
    patterns = " ".join(f"*{suffix}" for suffix in STACK_SUFFIXES)
    return f"Stacks ({patterns})"


def recording_filter() -> str:
    """The formats of event recordings for an open dialog.

    Returns:
        Their name and patterns, as Qt takes them.

    Example:
        >>> from wholefield.sources import recording_filter
        >>> recording_filter()
        'Event recordings (*.raw *.dat ...)'
    """
    patterns = " ".join(f"*{suffix}" for suffix in RECORDING_SUFFIXES)
    return f"Event recordings ({patterns})"
