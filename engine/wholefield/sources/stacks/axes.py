"""What the axes of an array are: time, depth, rows, columns and channels in any order, and where a box lies in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.stacks.stack import AnyArray, Box

LETTERS = "tzyxc"
# An axis of one position, or one along which only the first position is read.
FIRST = "_"
COLORS = (3, 4)
# Planes of three or four columns are not believed where the other two axes are as long as this.
SMALLEST_PICTURE = 16
NAMES = {
    "t": ("t", "time", "frame", "frames"),
    "z": ("z", "depth", "plane", "slice", "slices"),
    "y": ("y", "row", "rows", "height"),
    "x": ("x", "column", "columns", "width"),
    "c": ("c", "channel", "channels", "band", "color", "rgb"),
}
# The orders in which programs write four and five axes, the most common first.
USUAL = {
    3: ("zyx", "yxc", "tyx", "xyz"),
    4: ("tzyx", "czyx", "zyxc", "zcyx", "xyzt", "xyzc"),
    5: ("tczyx", "tzcyx", "tzyxc", "ctzyx", "xyzct", "xyzct"[::-1]),
}


@dataclass(frozen=True)
class AxisOrder:
    """The axes of an array in C order.

    Attributes:
        letters: One of `LETTERS` for each axis, the slowest first; `FIRST` where only the first position is read.
        lengths: Positions along each.
    """

    letters: str
    lengths: tuple[int, ...]

    def length(self, letter: str) -> int:
        """Positions along an axis; 1 where there is none."""
        return self.lengths[self.letters.index(letter)] if letter in self.letters else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """(z, y, x)."""
        return self.length("z"), self.length("y"), self.length("x")

    @property
    def channels(self) -> int:
        """Values per voxel."""
        return self.length("c")

    @property
    def times(self) -> int:
        """Volumes that follow each other in time."""
        return self.length("t")

    def selection(self, time: int, box: Box) -> tuple[slice, ...]:
        """What a box at a time takes of every axis of the array."""
        ranges = {"t": slice(time, time + 1), "c": slice(0, self.channels)}
        ranges |= dict(zip("zyx", box, strict=True))
        return tuple(ranges.get(letter, slice(0, 1)) for letter in self.letters)

    def arranged(self, values: AnyArray) -> AnyArray:
        """What a selection gave, as (z, y, x) or (z, y, x, c).

        Args:
            values: An array with all axes of the order, one position long along t and `FIRST`.
        """
        kept = [place for place, letter in enumerate(self.letters) if letter in "zyxc"]
        values = values.reshape([values.shape[place] for place in kept])
        letters = "".join(self.letters[place] for place in kept)
        wanted = "zyxc" if "c" in letters else "zyx"
        for letter in wanted:
            if letter not in letters:
                values, letters = values[np.newaxis], letter + letters
        return values.transpose([letters.index(letter) for letter in wanted])

    def left_out(self) -> tuple[str, ...]:
        """A sentence where positions along some axis are not read."""
        lost = [
            str(length)
            for letter, length in zip(self.letters, self.lengths, strict=True)
            if letter == FIRST and length > 1
        ]
        if not lost:
            return ()
        return (
            f"The file has a further axis of {' and one of '.join(lost)} positions; only the first is read.",
        )


def letter_of(name: str) -> str | None:
    """The letter of an axis that a file calls `name`, whatever its case; None where the name says nothing."""
    return next((letter for letter, names in NAMES.items() if name.strip().lower() in names), None)


def letters_of(names: Iterable[str]) -> str | None:
    """The letters of axes by their names; None unless each is known, none twice, and rows and columns are there."""
    letters = [letter_of(name) for name in names]
    known = [letter for letter in letters if letter is not None]
    ordered = "".join(known)
    complete = len(known) == len(letters) == len(set(known)) and {"y", "x"} <= set(known)
    return ordered if complete else None


def order_of(
    path: Path, shape: Sequence[int], reading: Reading, told: str | None = None, ending: str = ""
) -> AxisOrder:
    """What the axes of an array are: by the reading, else by what the file tells, else by its shape.

    Args:
        path: The file, for sentences.
        shape: Shape of the array.
        reading: May answer `axes`.
        told: Letters by the metadata of the file; None where it says nothing.
        ending: How answers end that are offered, such as "yx" where planes are pages.

    Raises:
        UnclearFileError: Several orders fit.
        SourceError: The answer does not fit the array.
    """
    lengths = tuple(map(int, shape))
    if "axes" in reading:
        return AxisOrder(_answered(path, lengths, reading["axes"]), lengths)
    if told is not None and len(told) == len(lengths):
        return AxisOrder(told, lengths)
    letters = by_shape(lengths)
    if letters is not None:
        return AxisOrder(letters, lengths)
    question = axes_question(lengths, needed=True, ending=ending)
    size = " x ".join(map(str, lengths))
    raise UnclearFileError(
        f"{path} has {len(lengths)} axes of {size} and does not say which of them is time, depth or channels; "
        f"name them in this order, for example axes={question.start} (t, z, y, x, c).",
        (question,),
    )


def by_shape(lengths: tuple[int, ...]) -> str | None:
    """The letters where a shape leaves no choice: up to three axes that are not one long, and a last one of colors.

    (600, 800, 3) is a color picture, or three slices that a program wrote as x, y, z.
    """
    long = [place for place, length in enumerate(lengths) if length > 1]
    if (
        len(long) == 3
        and lengths[-1] in COLORS
        and min(lengths[place] for place in long[:2]) >= SMALLEST_PICTURE
    ):
        return None
    if len(lengths) <= 3:
        return "zyx"[3 - len(lengths) :]
    if len(long) <= 3:
        # Axes of length one in front or behind are dropped first; (4, 1, 30, 40) has four planes.
        places = long if len(long) == 3 else sorted({*long, *range(len(lengths))[-3:]})[-3:]
        letters = dict(zip(places, "zyx", strict=True))
        return "".join(letters.get(place, FIRST) for place in range(len(lengths)))
    if len(long) == 4 and long[-1] == len(lengths) - 1 and lengths[-1] in COLORS:
        letters = dict(zip(long, "zyxc", strict=True))
        return "".join(letters.get(place, FIRST) for place in range(len(lengths)))
    return None


def axes_question(lengths: tuple[int, ...], needed: bool = False, ending: str = "") -> Question:
    """The question for the order of axes, with the usual orders, those first that give rows and columns most room."""
    # Axes of length one get no letter of their own.
    long = [length for length in lengths if length > 1]
    orders = [
        order
        for order in dict.fromkeys(USUAL.get(len(long), ()))
        if order.endswith(ending) and len(order) == len(long)
    ]
    orders.sort(key=lambda order: -min(long[order.index("y")], long[order.index("x")]))
    answers = tuple(Answer(order, _described(order, long)) for order in orders)
    return Question(
        "axes",
        "Axes",
        answers,
        help="What each axis is, the slowest first: t (time), z (depth), y (rows), x (columns), c (channels).",
        needed=needed,
    )


def _described(order: str, lengths: Sequence[int]) -> str:
    words = {"t": "times", "z": "planes", "y": "rows", "x": "columns", "c": "channels"}
    return ", ".join(f"{length} {words[letter]}" for letter, length in zip(order, lengths, strict=True))


def _answered(path: Path, lengths: tuple[int, ...], answer: str) -> str:
    """An answer as letters of all axes; axes of length one may be left out of it.

    Raises:
        SourceError: It does not fit.
    """
    letters = answer.replace(",", "").replace(" ", "").lower()
    long = [place for place, length in enumerate(lengths) if length > 1]
    valid = set(letters) <= set(LETTERS + FIRST) and all(letters.count(letter) < 2 for letter in LETTERS)
    if valid and {"y", "x"} <= set(letters):
        if len(letters) == len(lengths):
            return letters
        if len(letters) == len(long):
            return "".join(
                letters[long.index(place)] if place in long else FIRST for place in range(len(lengths))
            )
    raise SourceError(
        f"{path} has {len(lengths)} axes of {' x '.join(map(str, lengths))}, which axes={answer} does not "
        "name; give one of the letters t, z, y, x, c to each, y and x among them."
    )
