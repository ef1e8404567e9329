"""The engine's opening of files by kind, imported when a worker thread needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wholefield.sources.choices import Question, Reading
from wholefield.sources.kinds import Kind


def open_source_as(kind: Kind, path: Path, reading: Reading) -> Any:
    """Open a file as a slide or picture, a stack or a recording.

    Raises:
        UnclearFileError: Something has to be answered first.
        SourceError: It cannot be opened; the text says why.
    """
    from wholefield.sources import open_image, open_recording, open_stack

    openers = {Kind.IMAGE: open_image, Kind.STACK: open_stack, Kind.RECORDING: open_recording}
    return openers[kind](path, reading=reading)  # type: ignore[operator]


def last_questions(path: Path, reading: Reading, kind: Kind) -> tuple[Question, ...]:
    """What can be answered for a file that is nothing we know: any may hold voxels as bare numbers."""
    from wholefield.sources.stacks.formats.bare_numbers import raw_questions

    return raw_questions(path, reading) if kind is Kind.STACK and path.is_file() else ()


def questions_of(path: Path, reading: Reading, kind: Kind) -> tuple[Question, ...]:
    """What can be answered for a file.

    Raises:
        SourceError: It cannot be read.
    """
    from wholefield.sources import questions_of as asked

    return asked(path, reading, kind)
