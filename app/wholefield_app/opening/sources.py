"""The engine's opening of files, by kind; imported when a worker thread needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.kinds import Kind


def open_source_as(kind: Kind, path: Path, reading: Reading) -> Any:
    """Open a file as a slide or picture, a stack or a recording.

    Raises:
        UnclearFileError: Something has to be answered first.
        SourceError: It cannot be opened; the text says why.
    """
    from wholefield.sources import open_image, open_recording, open_stack

    if kind is Kind.STACK:
        return open_stack(path, reading.get("dataset"))
    return open_image(path) if kind is Kind.IMAGE else open_recording(path)


def questions_of(path: Path, reading: Reading, kind: Kind) -> tuple[Question, ...]:
    """What can be answered for a file.

    Raises:
        SourceError: It cannot be read.
    """
    from wholefield.sources import list_datasets

    del reading
    if kind is not Kind.STACK:
        return ()
    answers = tuple(
        Answer(info.name, f"{info.name}   {info.shape}, {info.dtype}") for info in list_datasets(path)
    )
    return (Question("dataset", "Volume", answers),) if answers else ()
