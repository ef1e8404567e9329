"""What a file looks like with some answers: a picture and rows, or why it cannot be read so; in worker threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from wholefield.errors import WholefieldError
from wholefield.sources.choices import Question, Reading, UnclearFileError
from wholefield.sources.kinds import Kind
from wholefield_app.opening import sources
from wholefield_app.opening.unanswered import needed_of, questions_or_none

if TYPE_CHECKING:
    from wholefield.sources import ImageSource, Recording, StackSource

LARGEST_SIDE = 640
# Of a plane that is larger, the middle is read.
LARGEST_PLANE = 4096
ROWS = 12
LONGEST_LINE = 200
FIRST_EVENTS_US = (1_000, 10_000, 100_000, 1_000_000)
ENOUGH_EVENTS = 2_000


@dataclass(frozen=True)
class Rows:
    """A small table: what its columns are called, and their texts row by row."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Look:
    """What is seen of a file that is read in some way.

    Attributes:
        questions: What can be answered, given what has been.
        sentence: Why it cannot be read so; empty where it can be.
        picture: A picture of it; None where it cannot be read.
        facts: Its size and the like.
        warnings: What was left out or assumed.
        rows: Its first events as they are read; None where it has none.
        lines: Its first lines, whether it can be read or not; empty where it is not text.
    """

    questions: tuple[Question, ...]
    sentence: str = ""
    picture: QImage | None = None
    facts: str = ""
    warnings: tuple[str, ...] = ()
    rows: Rows | None = None
    lines: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the file can be read so."""
        return not self.sentence


def look_at(path: Path, kind: Kind, reading: Reading) -> Look:
    """Open a file with the answers given, and draw it."""
    questions = questions_or_none(path, kind, reading)
    lines = first_lines(path) if kind is Kind.RECORDING else ()
    try:
        with sources.open_source_as(kind, path, reading) as source:
            picture, facts, rows = DRAW[kind](source)
            return Look(questions, "", picture, facts, tuple(source.warnings), rows, lines)
    except UnclearFileError as unclear:
        return Look(merged(questions, needed_of(unclear)), str(unclear), lines=lines)
    except WholefieldError as error:
        # Also where it was told before, the size stays to be corrected.
        return Look(questions or sources.last_questions(path, reading, kind), str(error), lines=lines)


def merged(questions: tuple[Question, ...], needed: tuple[Question, ...]) -> tuple[Question, ...]:
    """Questions in their order, those that are needed as such, and after them what was not among them."""
    by_name = {question.name: question for question in needed}
    known = {question.name for question in questions}
    rest = (question for question in needed if question.name not in known)
    return (*(by_name.get(question.name, question) for question in questions), *rest)


def draw_image(source: ImageSource) -> tuple[QImage, str, None]:
    """The whole image, small."""
    from wholefield.sources import default_display, to_display

    pixels = source.thumbnail(LARGEST_SIDE)
    shown = np.ascontiguousarray(to_display(pixels, default_display(source)))
    height, width = shown.shape[:2]
    image = QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB888).copy()
    return image, f"{source.width:,} × {source.height:,} px, {source.channels} × {source.dtype}", None


def draw_stack(source: StackSource) -> tuple[QImage, str, None]:
    """The plane in the middle, across z."""
    from wholefield_app.viewer.levels import describe_values
    from wholefield_app.viewer.stacks.plane_images import COLORS, as_colors, gray, plane_image

    depth, rows, columns = source.shape
    middle = [_middle(length) for length in (rows, columns)]
    plane = source.read(slice(depth // 2, depth // 2 + 1), *middle)[0]
    step = max(1, max(plane.shape[:2]) // LARGEST_SIDE)
    plane = np.ascontiguousarray(plane[::step, ::step])
    colored = plane.ndim == 3 and plane.shape[2] in COLORS and plane.dtype == np.uint8
    levels = describe_values(plane).automatic
    shown = as_colors(source.channels) if colored else gray(levels, source.channels, inverted=source.inverted)
    size = " × ".join(f"{length:,}" for length in source.shape)
    several = f"{source.channels} channels of " if source.channels > 1 else ""
    times = f"{source.times} times of " if source.times > 1 else ""
    facts = f"{times}{size} voxels (slices × rows × columns), {several}{source.dtype}; slice {depth // 2}"
    return plane_image(plane, shown), facts, None


def draw_recording(source: Recording) -> tuple[QImage, str, Rows]:
    """The events of a first stretch, and the first of them as rows."""
    from wholefield_app.viewer.events.frames import FrameMaker, FrameRequest
    from wholefield_app.viewer.events.style import FrameStyle
    from wholefield_app.viewer.events.timeline import span_text

    end, events = _first_events(source, ENOUGH_EVENTS)
    frame = FrameMaker().make(FrameRequest(source, end, FrameStyle(accumulation_us=end)))
    facts = (
        f"Sensor {source.width} × {source.height} px, {span_text(source.duration_us)}; "
        f"{events.size:,} events of the first {span_text(end)}"
    )
    return frame.panes[0].image, facts, first_rows(source)


def first_rows(source: Recording) -> Rows:
    """The first events as they are read, their times as the file gives them."""
    _, events = _first_events(source, ROWS)
    start = source.start_us
    read = [
        (f"{start + int(event['t']):,}", str(event["x"]), str(event["y"]), str(event["p"]))
        for event in events[:ROWS]
    ]
    return Rows(("t, µs", "x", "y", "Polarity"), tuple(read))


def _first_events(source: Recording, enough: int) -> tuple[int, npt.NDArray[Any]]:
    """The end in us of a stretch at the beginning that holds enough events, or all, and the events in it."""
    for end in (*FIRST_EVENTS_US, source.duration_us):
        end = min(end, source.duration_us)
        events = source.events(0, end)
        if events.size >= enough or end == source.duration_us or end == FIRST_EVENTS_US[-1]:
            break
    return end, events


def first_lines(path: Path) -> tuple[str, ...]:
    """The first lines of a text file, shortened; nothing where it is not one."""
    try:
        with path.open("rb") as file:
            head = file.read(ROWS * LONGEST_LINE)
    except OSError:
        return ()
    if b"\0" in head:
        return ()
    return tuple(line.strip() for line in head.decode("utf-8", "replace").splitlines()[:ROWS])


def _middle(length: int) -> slice:
    start = max((length - LARGEST_PLANE) // 2, 0)
    return slice(start, start + LARGEST_PLANE)


DRAW: Mapping[Kind, Callable[[Any], tuple[QImage, str, Rows | None]]] = {
    Kind.IMAGE: draw_image,
    Kind.STACK: draw_stack,
    Kind.RECORDING: draw_recording,
}
