"""What every stack can be told: its time and its spacing, and whether a header may name files elsewhere."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Literal, TypeVar

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import StackDescription, StackSource
from wholefield.sources.units import to_micrometers

NOTHING = Reading()
COMMON = ("time", "spacing")
MICROMETERS_IN_MM = 1e3
BYTE_ORDERS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}
YES = ("yes", "true", "1")
# Files with more times than this are asked for the number of one, not shown a list.
TIMES_LISTED = 1000
THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# One number with a decimal comma; "1,500" can also be meant as 1500, and "2,1" as two numbers.
WITH_COMMA = re.compile(r"0,[0-9]+")
WITH_UNIT = re.compile(r"\s*(?P<numbers>[0-9.,eE+\s-]*?[0-9.])\s*(?P<unit>[^\W\d_]+)?\s*")

Stack = TypeVar("Stack", bound=StackSource)


def answered(stack: Stack, reading: Reading) -> Stack:
    """An open stack at the time and with the spacing that a reading gives; closed where they do not fit.

    Raises:
        SourceError: An answer is none that the stack can take.
    """
    try:
        if "spacing" in reading:
            _space(stack, parse_spacing(reading["spacing"]))
        if "time" not in reading:
            return stack
        chosen = stack.at_time(_time(stack, reading["time"]))
    except SourceError:
        stack.close()
        raise
    stack.close()
    return chosen


def common_questions(stack: StackSource | StackDescription) -> tuple[Question, ...]:
    """The time, where there are several, and the spacing, where the file does not say."""
    questions = []
    if stack.times > 1:
        listed = range(stack.times) if stack.times <= TIMES_LISTED else ()
        answers = tuple(Answer(str(time), f"{time + 1} of {stack.times}") for time in listed)
        questions.append(
            Question("time", "Time", answers, "0", "Which of the volumes is read, counted from 0.")
        )
    if stack.geometry.spacing is None or not stack.geometry.unit:
        questions.append(spacing_question())
    return tuple(questions)


def spacing_question() -> Question:
    """The distance between voxels, to be typed."""
    return Question(
        "spacing",
        "Spacing",
        help="Distance between voxels along z, y and x with its unit, such as 2,0.5,0.5 um; one number for all three.",
    )


def byte_order_question(likely: str = "little") -> Question:
    """The order of the bytes of a number."""
    answers = (Answer("little", "little-endian (Intel)"), Answer("big", "big-endian (Motorola)"))
    return Question(
        "byteorder", "Byte order", answers, likely, "Which byte of a number comes first.", needed=True
    )


def parse_spacing(text: str) -> StackGeometry:
    """Spacing as people type it: "2,0.5,0.5 um", "2 0.5 0.5 mm" or "0.65 um" for all three axes.

    Args:
        text: Distances along z, y, x and their unit. Between numbers that are set apart by blanks alone, a comma is a
            decimal sign.

    Returns:
        The spacing in mm where the unit is a millimeter or more, else in um.

    Raises:
        SourceError: It is none, or two readings fit, as in "1,500 um".
    """
    found = WITH_UNIT.fullmatch(text)
    sizes = _numbers(found["numbers"]) if found else ()
    factor = to_micrometers(1.0, found["unit"]) if found else None
    if factor is None or len(sizes) != 3 or not all(0 < size < math.inf for size in sizes):
        raise SourceError(
            f"spacing={text} is not read; give the distances along z, y and x and their unit, such as 2,0.5,0.5 um, or "
            "one number with a decimal point for all three."
        )
    if factor >= MICROMETERS_IN_MM:
        factor, unit = factor / MICROMETERS_IN_MM, "mm"
    else:
        unit = "um"
    z, y, x = (size * factor for size in sizes)
    return StackGeometry((z, y, x), unit)


def _numbers(text: str) -> tuple[float, ...]:
    """Three numbers, or one three times; none where their signs can be read in two ways."""
    words = re.split(r"\s*,\s+|\s+", text.strip())
    if len(words) == 3 or WITH_COMMA.fullmatch(words[0]):
        words = [word.replace(",", ".") for word in words]
    elif len(words) == 1:
        words = words[0].split(",")
    if not all(NUMBER.fullmatch(word) for word in words):
        return ()
    if len(words) == 1 and THOUSANDS.fullmatch(words[0]):
        # One number with a sign that may stand between thousands, by the rule of `wholefield.numbers`.
        return ()
    values = tuple(map(float, words))
    return values * 3 if len(values) == 1 else values


def _time(stack: StackSource, answer: str) -> int:
    if not answer.isdecimal() or not int(answer) < stack.times:
        raise SourceError(
            f"{stack.path} has {stack.times} times, counted from 0, and none called {answer}; give time=0 to "
            f"time={stack.times - 1}."
        )
    return int(answer)


def _space(stack: StackSource, given: StackGeometry) -> None:
    known = stack.geometry
    if known.spacing is not None and known.unit:
        told = " x ".join(f"{size:g}" for size in known.spacing)
        stack.warnings += (f"The spacing is the one that was given; the file says {told} {known.unit}.",)
    stack.geometry = given


def file_below(header: Path, name: str, reading: Reading) -> Path:
    """A file that a header names, in its own folder or below.

    Raises:
        SourceError: It lies elsewhere, and the reading does not allow that.
    """
    if "\0" in name:
        raise SourceError(
            f"{header} names {name!r}, which is no name of a file; the header is damaged, copy it again."
        )
    folder = os.path.abspath(header.parent)
    path = os.path.normpath(os.path.join(folder, name.replace("\\", os.sep)))
    inside = path.startswith(folder.rstrip(os.sep) + os.sep)
    if inside or reading.get("outside", "").lower() in YES:
        return header.parent / os.path.relpath(path, folder) if inside else Path(path)
    raise SourceError(
        f"{header} names {name!r}, a file outside its folder; put it next to the header, or allow it by outside=yes "
        "where you trust the header."
    )
