"""Recordings as text: a line an event. Columns, unit and dialect are told from the values and the lines before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.events.columns.convert import Layout, LeftOut
from wholefield.sources.events.columns.decision import ASKED, decide, table_questions
from wholefield.sources.events.columns.names import IGNORED
from wholefield.sources.events.columns.sample import RUNS, Sample
from wholefield.sources.events.recording import RecordingDescription
from wholefield.sources.events.sensors import size_from
from wholefield.sources.events.table import ArrayTable, Spool, TableRecording
from wholefield.sources.events.tables.dialect import (
    BYTE_ORDER_MARK,
    NUMBER,
    WORDS_OF_POLARITY,
    TextHeader,
    encoding_of,
    header_of,
    is_comment,
    is_number,
    lines_of,
)

HEAD_BYTES = 1 << 16
# Characters read at once, and of which at most a line is kept.
CHARACTERS, LONGEST_LINE = 1 << 22, 1 << 12
# A file up to that size in bytes is looked at as a whole, of a larger one runs of this size.
ALL_BYTES, RUN_BYTES = 1 << 21, 1 << 14
NO_TIME = 2**62
LONGEST_WORD = 5


def text_layout(head: bytes) -> TextHeader | None:
    """What a text that begins so says before its first event, or None if these are not events."""
    encoding = encoding_of(head)
    return header_of(lines_of(head.decode(encoding, errors="replace")), encoding)


def open_text(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a recording in text; its events are unpacked into a temporary file.

    Args:
        path: The file.
        reading: May say `columns`, `unit` and `size`.

    Raises:
        UnclearFileError: Two readings fit.
        SourceError: It holds no events.
    """
    reading = (reading or Reading()).only(path, *ASKED)
    header = _header(path)
    sample = _sample(path, header)
    decision = decide(path, sample, reading)
    spool = Spool()
    try:
        read = _unpack(path, header, _kinds(header, sample, decision.layout), decision.layout, spool)
        warnings = (*decision.warnings, *read.sentences())
        if not spool.length:
            told = " ".join((*warnings, *read.left_out.sentences()))
            raise SourceError(
                f"{path} holds no events that can be read; choose another file. {told}".rstrip()
            )
        metadata = {**dict(header.metadata), **decision.metadata}
        description = RecordingDescription("Event text", *(decision.size or (0, 0)), metadata, warnings)
        recording = TableRecording(path, description, ArrayTable(spool.array(), read.left_out))
        recording.warn(*decision.jumps(recording.duration_us))
        return recording
    finally:
        spool.close()


def ask_text(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for a text."""
    return table_questions(_sample(path, _header(path)), reading)


@dataclass
class _Read:
    """What was read of a text: lines that are no events, the first of them, and rows left out."""

    bad: int = 0
    first_bad: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)

    def sentences(self) -> tuple[str, ...]:
        if not self.bad:
            return ()
        if self.bad == 1:
            return (f"Line {self.first_bad} is not an event and is left out.",)
        return (f"{self.bad} lines are not events and are left out; the first is line {self.first_bad}.",)


def _header(path: Path) -> TextHeader:
    with path.open("rb") as file:
        header = text_layout(file.read(HEAD_BYTES))
    if header is None:
        raise SourceError(f"{path} holds no lines of time, x, y and polarity; choose another file.")
    return header


def _sample(path: Path, header: TextHeader) -> Sample:
    """Lines spread over the file."""
    size = path.stat().st_size
    whole = size <= ALL_BYTES
    begins = [0] if whole else np.linspace(0, size - RUN_BYTES, RUNS).astype(np.int64).tolist()
    kinds = ["f8" if is_number(word) else "U1" for word in header.first]
    runs, found, bytes_read = [], 0, 0
    with path.open("rb") as file:
        for begin in begins:
            # Characters of two bytes begin at even places.
            file.seek(begin & ~1)
            content = file.read(ALL_BYTES if whole else RUN_BYTES)
            lines = lines_of(content.decode(header.encoding, errors="replace"))
            lines = lines[header.skip if begin == 0 else 1 :]
            rows, _ = _rows(lines if whole else lines[:-1], header, kinds)
            runs.append([_numbers(rows[name]) for name in rows.dtype.names or ()])
            found, bytes_read = found + len(rows), bytes_read + len(content)
    total = found if whole else size * found // max(bytes_read, 1)
    size_px = header.size or size_from(dict(header.metadata))
    return Sample(runs, total, header.names, header.unit, size_px, _real(header))


def _real(header: TextHeader) -> bool:
    """Whether numbers are written with a decimal point or an exponent, though they may be whole."""
    return any(NUMBER.fullmatch(word) and not _whole(word) for word in header.first)


def _whole(word: str) -> bool:
    return word.lstrip("+-").isdecimal()


def _kinds(header: TextHeader, sample: Sample, layout: Layout) -> list[str]:
    """Types of the columns: whole times stay exact however large they are."""
    place = layout.order.index("t")
    whole = sample.columns[place].whole and _whole(header.first[place])
    word = header.first[layout.order.index("p")]
    polarity = "f8" if NUMBER.fullmatch(word) else f"U{LONGEST_WORD}"
    kinds = {"t": "i8" if whole else "f8", "p": polarity, IGNORED: "U1"}
    return [kinds.get(role, "f8") for role in layout.order]


def _unpack(path: Path, header: TextHeader, kinds: Sequence[str], layout: Layout, spool: Spool) -> _Read:
    """Parse all lines."""
    read, number = _Read(), header.skip
    for lines in _chunks(path, header):
        rows, bad = _rows(lines, header, kinds)
        names = rows.dtype.names or ()
        columns = [
            _numbers(rows[name]) if role == "p" else rows[name]
            for name, role in zip(names, layout.order, strict=True)
        ]
        events, left_out = layout.events(columns)
        spool.append(events)
        read.left_out += left_out
        if bad and not read.bad:
            read.first_bad = number + bad[0] + 1
        read.bad += len(bad)
        number += len(lines)
    return read


def _chunks(path: Path, header: TextHeader) -> Iterator[list[str]]:
    """The lines behind the header, many at a time."""
    skip, rest = header.skip, ""
    with path.open(encoding=header.encoding, errors="replace") as file:
        while text := file.read(CHARACTERS):
            lines = (rest + text).removeprefix(BYTE_ORDER_MARK).split("\n")
            # A file without line ends must not fill the memory; no event has a line that long.
            rest = lines.pop()[:LONGEST_LINE]
            yield lines[skip:]
            skip = max(skip - len(lines), 0)
        if rest and not skip:
            yield [rest]


Rows = npt.NDArray[Any]


def _rows(lines: Sequence[str], header: TextHeader, kinds: Sequence[str]) -> tuple[Rows, list[int]]:
    """Lines as rows, and the numbers of those that are no events."""
    rows = _rows_at_once(lines, header, kinds)
    return (rows, []) if rows is not None else _rows_one_by_one(lines, header, kinds)


def _rows_at_once(lines: Sequence[str], header: TextHeader, kinds: Sequence[str]) -> Rows | None:
    """Lines as rows, or None if one of them is not what it should be."""
    if not any(line.strip() and not is_comment(line) for line in lines):
        return np.zeros(0, _dtype(kinds))
    dialect = header.dialect
    for plain in (False, True):
        try:
            ready = [dialect.plain(line) for line in lines] if plain else lines
            return np.loadtxt(ready, _dtype(kinds), delimiter=dialect.separator, ndmin=1)
        except (ValueError, IndexError, OverflowError):
            # Quotes and decimal commas are taken away where they are met: it takes time.
            continue
    return None


def _rows_one_by_one(
    lines: Sequence[str], header: TextHeader, kinds: Sequence[str]
) -> tuple[Rows, list[int]]:
    """As `_rows`, slowly."""
    rows, bad = [], []
    for number, line in enumerate(lines):
        if not line.strip() or is_comment(line):
            continue
        fields = header.dialect.fields(line[:LONGEST_LINE])
        try:
            if len(fields) != header.columns:
                raise ValueError
            rows.append(tuple(_value(word, kind) for word, kind in zip(fields, kinds, strict=True)))
        except ValueError:
            bad.append(number)
    # One time with a fraction makes all of these lines real numbers.
    fraction = any(
        isinstance(value, float)
        for row in rows
        for value, kind in zip(row, kinds, strict=True)
        if kind == "i8"
    )
    return np.array(rows, _dtype(["f8" if fraction and kind == "i8" else kind for kind in kinds])), bad


def _dtype(kinds: Sequence[str]) -> np.dtype[Any]:
    return np.dtype([(f"{number}", kind) for number, kind in enumerate(kinds)])


def _value(word: str, kind: str) -> float | int | str:
    if kind.startswith("U"):
        return word[: int(kind[1:])]
    if kind == "i8" and _whole(word):
        return max(-NO_TIME, min(int(word), NO_TIME))
    if "_" in word:
        # Python takes 1_000 for a number, files do not.
        raise ValueError
    return float(WORDS_OF_POLARITY.get(word.lower(), word))


def _numbers(values: Rows) -> Rows:
    """A column of words as numbers; what is none becomes not-a-number."""
    if values.dtype.kind != "U":
        return values
    words, where = np.unique(values, return_inverse=True)
    return np.array([_number(str(word)) for word in words], np.float64)[where]


def _number(word: str) -> float:
    try:
        return float(WORDS_OF_POLARITY.get(word.lower(), word))
    except ValueError:
        return float("nan")
