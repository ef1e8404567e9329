"""Volumes without a header: bare numbers, of which someone has to say the size, type and byte order."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.stacks.answers import (
    BYTE_ORDERS,
    COMMON,
    NOTHING,
    answered,
    byte_order_question,
    common_questions,
    spacing_question,
)
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.formats.raw_guesses import (
    TYPES,
    Guess,
    answers_in,
    guesses,
    likely_order,
    order_in,
    type_in,
)
from wholefield.sources.stacks.raw_volume import Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription

EXAMPLES = {"size": "512,512,300"}
SIZE = re.compile(r"\s*\d+(?:\s*[,x×\s]\s*\d+){1,3}\s*", re.IGNORECASE)


def open_bare_numbers(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open a file of bare numbers, x fastest.

    Args:
        path: The file.
        reading: Answers `size` (x,y,z or x,y,z,t), `type`, `byteorder` where a number has several bytes, and `offset`
            where something comes before the numbers.

    Raises:
        UnclearFileError: Something is not answered.
        SourceError: An answer does not fit the file.
    """
    reading.only(path, "size", "type", "byteorder", "offset", *COMMON)
    told = answers_in(path)
    by_name = tuple(name for name in told if name not in reading)
    reading = Reading(told) | reading
    missing = tuple(question for question in raw_questions(path, reading) if question.needed)
    if missing:
        example = "; ".join(f"{each.name}={each.start or EXAMPLES.get(each.name, '')}" for each in missing)
        raise UnclearFileError(
            f"{path} holds voxels without a header; set how they are read, for example {example}.",
            missing,
        )
    size = _size(path, reading["size"])
    dtype = _dtype(path, reading)
    offset = _offset(path, reading.get("offset", "0"))
    order = AxisOrder("tzyx"[-len(size) :], size[::-1])
    needed = math.prod(size) * dtype.itemsize
    held = path.stat().st_size - offset
    if needed > held:
        raise SourceError(
            f"{path} holds {max(held, 0)} bytes from byte {offset} on, and {' x '.join(map(str, size))} voxels of "
            f"{reading['type']} need {needed}; check the size and the type."
        )
    behind = (f"{held - needed} bytes behind the voxels are not read.",) if held > needed else ()
    layout = RawLayout((Part(path, offset),), order, dtype)
    layout.refuse_impossible(path)
    description = StackDescription(
        "Headerless volume",
        order.shape,
        1,
        dtype.newbyteorder("="),
        warnings=(*_named(by_name), *behind),
        metadata={"read as": str(reading)},
        times=order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


def _named(answers: tuple[str, ...]) -> tuple[str, ...]:
    if not answers:
        return ()
    return (
        f"Its {' and '.join(answers)} {'are' if len(answers) > 1 else 'is'} taken from the name of the file.",
    )


def raw_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What a file of bare numbers leaves open, with guesses from its name and its length.

    Raises:
        OSError: It cannot be read.
    """
    found = guesses(path)
    kind = reading.get("type") or (found[0].kind if found else type_in(path.name) or "uint16")
    fitting = [guess for guess in found if guess.kind == kind] or list(found)
    offset = fitting[0].offset if fitting else 0
    return (
        _size_question(fitting, "size" not in reading),
        _type_question(kind, "type" not in reading),
        *_order_questions(path, reading, kind, offset),
        Question(
            "offset", "Offset", likely=str(offset), help="Bytes before the first number, such as a header."
        ),
        *_common(path, reading),
    )


def _common(path: Path, reading: Reading) -> tuple[Question, ...]:
    """The time, where four sizes are given, and the spacing."""
    if not {"size", "type"} <= set(reading):
        return (spacing_question(),)
    size = re.findall(r"\d+", reading["size"]) if SIZE.fullmatch(reading["size"]) else []
    times = int(size[3]) if len(size) == 4 else 1
    described = StackDescription("", (1, 1, 1), 1, np.dtype(np.uint8), times=times)
    return common_questions(described)


def _size_question(found: list[Guess], needed: bool) -> Question:
    answers = tuple(Answer(guess.size_text, guess.size_text.replace(",", " x ")) for guess in found)
    return Question(
        "size", "Size", answers, help="Columns, rows, planes, and times if there are several.", needed=needed
    )


def _type_question(kind: str, needed: bool) -> Question:
    names = (kind, *(name for name in TYPES if name != kind)) if kind in TYPES else tuple(TYPES)
    return Question("type", "Type", tuple(map(Answer, names)), help="What each number is.", needed=needed)


def _order_questions(path: Path, reading: Reading, kind: str, offset: int) -> tuple[Question, ...]:
    if kind not in TYPES or np.dtype(TYPES[kind]).itemsize == 1:
        return ()
    likely = order_in(path.name) or likely_order(path, offset, kind)
    return (replace(byte_order_question(likely), needed="byteorder" not in reading),)


def _size(path: Path, text: str) -> tuple[int, ...]:
    """(x, y), (x, y, z) or (x, y, z, t)."""
    size = tuple(map(int, re.findall(r"\d+", text)))
    if not SIZE.fullmatch(text) or min(size) < 1:
        raise SourceError(
            f"{path} cannot be read with size={text}; give columns, rows and planes, such as 512,512,300."
        )
    return size


def _dtype(path: Path, reading: Reading) -> np.dtype[np.generic]:
    kind = reading["type"]
    if kind not in TYPES:
        raise SourceError(f"{path} cannot be read with type={kind}; types are {', '.join(TYPES)}.")
    order = reading.get("byteorder", "little")
    if order not in BYTE_ORDERS:
        raise SourceError(f"{path} cannot be read with byteorder={order}; it is little or big.")
    return np.dtype(TYPES[kind]).newbyteorder(BYTE_ORDERS[order])


def _offset(path: Path, text: str) -> int:
    if not text.strip().isdecimal():
        raise SourceError(f"{path} cannot be read with offset={text}; give a number of bytes, 0 or more.")
    return int(text)
