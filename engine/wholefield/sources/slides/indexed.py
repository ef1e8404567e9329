"""Pictures of numbers with a palette: whether the numbers or their colors are wanted, and how numbers are shown."""

from __future__ import annotations

from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.slides.colors.palette import Table, is_ramp
from wholefield.sources.slides.image import ChannelLook

COLORS, INDICES = "colors", "indices"


def wants_indices(path: Path, reading: Reading) -> bool:
    """Whether the numbers of a palette are asked for, and not its colors.

    Raises:
        SourceError: The answer is neither.
    """
    answer = reading.get("palette", COLORS)
    if answer not in (COLORS, INDICES):
        raise SourceError(f"{path}: palette is {COLORS} or {INDICES}, not {answer}.")
    return answer == INDICES


def palette_question() -> Question:
    """Whether a picture with a palette is its colors or its numbers."""
    answers = (Answer(COLORS, "its colors"), Answer(INDICES, "its numbers, such as the labels of a mask"))
    return Question(
        "palette", "Palette", answers, help="A palette gives every number of the picture a color."
    )


def look_of_table(
    name: str, table: Table, window: tuple[float, float] | None = None, *, exact: bool = False
) -> ChannelLook:
    """A look with a lookup table; an even way from black to a color is that color, unless it has to be exact."""
    if is_ramp(table) and not exact:
        red, green, blue = (int(value) for value in table[-1])
        return ChannelLook(name, (red, green, blue), window)
    return ChannelLook(name, None, window or (0, len(table) - 1), tuple(map(tuple, table.tolist())))
