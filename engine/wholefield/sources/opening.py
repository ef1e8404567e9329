"""Which kind of source a file is opened as, and the filters of open dialogs."""

from __future__ import annotations

from pathlib import Path

from wholefield.sources.events.formats import RECORDING_SUFFIXES
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import Recording
from wholefield.sources.kinds import (
    SLIDE_SUFFIXES,
    STACK_SUFFIXES,
    Kind,
    kind_of,
)
from wholefield.sources.slides.image import ImageSource
from wholefield.sources.slides.opening import open_image
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource

ONLY_STACK_SUFFIXES = tuple(suffix for suffix in STACK_SUFFIXES if suffix not in SLIDE_SUFFIXES)


def open_source(path: str | Path) -> ImageSource | StackSource | Recording:
    """Open a file or folder as what `kind_of` says it is.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.
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
    """Name and patterns of all formats, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in SLIDE_SUFFIXES)
    return f"Slides and images ({patterns})"


def stack_filter() -> str:
    """Name and patterns of the formats of stacks, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in STACK_SUFFIXES)
    return f"Stacks ({patterns})"


def recording_filter() -> str:
    """Name and patterns of the formats of recordings, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in RECORDING_SUFFIXES)
    return f"Event recordings ({patterns})"
