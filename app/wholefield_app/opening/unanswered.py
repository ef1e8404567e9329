"""Files that cannot be opened before something is answered; the functions run in worker threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading, UnclearFileError
from wholefield.sources.kinds import Kind
from wholefield_app.opening import sources

# A file that offers several of these is asked about although one of them could be taken.
CHOSEN_BY_USERS = ("dataset", "series")
SEVERAL = "{name} holds several {what}. Choose one to open."
NEEDED = (
    "{name} does not say how it is to be read. Answer what follows; the preview shows what becomes of it."
)
WHAT = {"dataset": "volumes", "series": "series"}
SCAN = (
    "{name} holds the projections of a scan with flat and dark fields. Reconstruct and denoise them with "
    "Noise2Inverse, which needs no clean image, or open one of the volumes as it is."
)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Unanswered:
    """What a file leaves open.

    Attributes:
        path: The file or folder.
        kind: What it is to be opened as.
        sentence: What is open.
        questions: What can be answered.
        reading: What is answered already.
        scan: Whether it holds the projections of a scan, which can be reconstructed instead.
    """

    path: Path
    kind: Kind
    sentence: str
    questions: tuple[Question, ...] = ()
    reading: Reading = field(default_factory=Reading)
    scan: bool = False


def open_or_ask(
    path: Path, kind: Kind, reading: Reading | None, opener: Callable[[Path, Reading], Found]
) -> Found | Unanswered:
    """Open a file, or tell what has to be answered first.

    Args:
        path: The file or folder.
        kind: What it is to be opened as.
        reading: What was answered; None where nobody was asked yet.
        opener: Opens a path with a reading.

    Raises:
        SourceError: It cannot be opened, whatever the answers.
    """
    if reading is None and (open_questions := first_questions(path, kind)) is not None:
        return open_questions
    given = reading or Reading()
    try:
        return opener(path, given)
    except UnclearFileError as unclear:
        return Unanswered(path, kind, str(unclear), needed_of(unclear), given)


def needed_of(unclear: UnclearFileError) -> tuple[Question, ...]:
    """The questions without whose answers a file cannot be opened."""
    return tuple(replace(question, needed=True) for question in unclear.questions)


def first_questions(path: Path, kind: Kind) -> Unanswered | None:
    """What a user decides before a file is opened for the first time; None where nothing is to be decided."""
    questions = questions_or_none(path, kind, Reading())
    several = [each for each in questions if each.name in CHOSEN_BY_USERS and len(each.answers) > 1]
    if kind is Kind.STACK and several and _holds_scan(path):
        return Unanswered(path, kind, SCAN.format(name=path.name), questions, scan=True)
    if several:
        what = WHAT[several[0].name]
        return Unanswered(path, kind, SEVERAL.format(name=path.name, what=what), questions)
    if any(each.needed for each in questions):
        return Unanswered(path, kind, NEEDED.format(name=path.name), questions)
    return None


def questions_or_none(path: Path, kind: Kind, reading: Reading) -> tuple[Question, ...]:
    """What can be answered for a file; nothing where it cannot be read so far: opening it says why."""
    try:
        return sources.questions_of(path, reading, kind)
    except UnclearFileError as unclear:
        return needed_of(unclear)
    except SourceError:
        return ()


def _holds_scan(path: Path) -> bool:
    from wholefield.tomography.projection_names import holds_projections

    return path.is_file() and holds_projections(path)
