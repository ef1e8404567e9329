"""Which axis of the pages of a TIFF is depth, time or channels, in the letters that tifffile uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.stacks.axes import FIRST, order_of

# The first of these letters along which there is more than one page is the depth of the stack.
DEPTH_LETTERS = "ZTIQRMPVHEAFLG"
TIME_LETTER = "T"
# What tifffile calls axes of which a file says nothing.
UNKNOWN = "QI"
OTHER_LETTERS = "RPMVHAEFLG"


def depth_letter(lengths: dict[str, int]) -> str | None:
    """The axis that is the depth of a stack; None for a picture.

    Args:
        lengths: Positions along each axis.
    """
    return next((letter for letter in DEPTH_LETTERS if lengths.get(letter, 1) > 1), None)


def series_axes(path: Path, series: Any, reading: Reading) -> str:
    """The letters of the axes of a series, each once: by the reading, else as tifffile finds them.

    Raises:
        UnclearFileError: Several axes have no meaning, as in a file of four axes that was written without their names.
        SourceError: The answer does not fit.
    """
    axes, shape = str(series.axes), tuple(map(int, series.shape))
    samples = "S" if axes.endswith("S") else ""
    plain, lengths = axes.removesuffix("S"), shape[: len(shape) - len(samples)]
    leading = [
        letter for letter, length in zip(plain, lengths, strict=True) if letter not in "YX" and length > 1
    ]
    unknown = [letter for letter in leading if letter in UNKNOWN]
    unclear = len(set(leading)) < len(leading) or (bool(unknown) and len(leading) > 1)
    if "axes" in reading or unclear:
        letters = order_of(path, lengths, reading, None if unclear else _lower(plain), "yx").letters
        if letters[-2:] != "yx":
            raise SourceError(
                f"{path} keeps rows and columns in pages, so that its axes end in yx; axes={reading['axes']} does not."
            )
        return "".join(_upper(letter, place) for place, letter in enumerate(letters)) + samples
    return axes


def _lower(axes: str) -> str:
    return "".join(letter.lower() if letter in "TCZYX" else FIRST for letter in axes)


def _upper(letter: str, place: int) -> str:
    """A letter as tifffile has it; axes of which only the first position is read get letters of their own."""
    return letter.upper() if letter != FIRST else OTHER_LETTERS[place]
