"""How a text of events is written: encoding, separators, decimal sign, quotes, and the lines before the events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from wholefield.sources.events.columns.names import order_of, role_of, unit_in
from wholefield.sources.events.sensors import LARGEST_SIDE, size_in

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
WORDS_OF_POLARITY = {"true": "1", "false": "0", "on": "1", "off": "0", "+": "1", "-": "-1"}
COMMENTS = ("#", "%", "//", "!")
MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
BYTE_ORDER_MARK = "\ufeff"
FEWEST_COLUMNS = 4
# More lines than these without events, of which none is a comment, are another kind of text.
MOST_HEADER_LINES = 64
DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
NO_QUOTES = str.maketrans("", "", "\"'[](){}")
QUOTED = re.compile(r"(['\"])(.*?)\1")
# What a comment says of the recording: `name: value`, `name = value`, and `width 640`.
NOTES = (
    re.compile(r"(\w[\w .-]{0,40}?)\s*[:=]\s*(.+)"),
    re.compile(r"(width|height)\s+(\d+)$", re.IGNORECASE),
)
# Lines from the first event on that vote on how lines are split.
VOTING_LINES = 50


@dataclass(frozen=True)
class Dialect:
    """How lines are split.

    Attributes:
        separator: Between columns; None for any white space.
        decimal_comma: Whether the decimal sign is a comma.
        quotes: Whether there are quotes or brackets to be taken away.
    """

    separator: str | None = None
    decimal_comma: bool = False
    quotes: bool = False

    def plain(self, line: str) -> str:
        """A line without quotes and with decimal points."""
        if self.quotes:
            # A comma in quotes separates nothing: it is a decimal sign.
            line = QUOTED.sub(_unquoted, line) if self.separator == "," else line
            line = line.translate(NO_QUOTES)
        return DECIMAL_COMMA.sub(".", line) if self.decimal_comma else line

    def fields(self, line: str) -> list[str]:
        """The fields of a line; an empty one behind a last separator is none."""
        words = [word.strip() for word in self.plain(line).strip().split(self.separator)]
        return words[:-1] if len(words) > 1 and not words[-1] else words


def _unquoted(quoted: re.Match[str]) -> str:
    return quoted[2].replace(",", ".")


@dataclass(frozen=True)
class TextHeader:
    """What a text of events says before its first event, and how that is written.

    Attributes:
        encoding: Of the file.
        dialect: How lines are split.
        skip: Lines before the events.
        first: Fields of the first event.
        names: Names of the columns, or empty.
        unit: Unit of time, or None.
        size: (width, height) of the sensor in px, or None.
        metadata: `name: value` pairs of the comments.
    """

    encoding: str
    dialect: Dialect
    skip: int
    first: tuple[str, ...]
    names: tuple[str, ...] = ()
    unit: str | None = None
    size: tuple[int, int] | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.first)


def lines_of(text: str) -> list[str]:
    """The lines of a text, whichever system wrote it, without their ends."""
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def encoding_of(head: bytes) -> str:
    """The encoding of a text that begins so."""
    return next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")


def is_comment(line: str) -> bool:
    """Whether a line is a comment."""
    return line.lstrip().startswith(COMMENTS)


def is_number(word: str) -> bool:
    """Whether a word is a number, or a word for a polarity."""
    return bool(NUMBER.fullmatch(word)) or word.lower() in WORDS_OF_POLARITY


def header_of(lines: Iterable[str], encoding: str = "utf-8") -> TextHeader | None:
    """What the first lines of a text say; None if they are no events.

    Args:
        lines: Lines from the first on; they are read up to the first event.
        encoding: Of the file, to be passed on.
    """
    before: list[str] = []
    others = 0
    rest = iter(lines)
    for skip, line in enumerate(rest):
        if not is_comment(line) and dialect_of(line):
            found, first = _elected([line, *islice(rest, VOTING_LINES)])
            return _described(TextHeader(encoding, found, skip, first), before)
        if line.strip():
            before.append(line.strip())
            others += not is_comment(line)
        if others > MOST_HEADER_LINES or "\0" in line:
            return None
    return None


def _elected(lines: Sequence[str]) -> tuple[Dialect, tuple[str, ...]]:
    """How most lines are split, and the fields of the first of these; some line may be damaged."""
    votes: dict[tuple[Dialect, int], list[tuple[str, ...]]] = {}
    for line in lines:
        way = None if is_comment(line) else dialect_of(line)
        if way is not None:
            fields = tuple(way.fields(line))
            votes.setdefault((way, len(fields)), []).append(fields)
    (way, _), voters = max(votes.items(), key=lambda vote: len(vote[1]))
    return way, voters[0]


def dialect_of(line: str) -> Dialect | None:
    """How a line is split into numbers; None if it is no event."""
    quotes = line != line.translate(NO_QUOTES)
    ways = [
        # A comma that does not separate columns can only be a decimal sign.
        Dialect(";", True, quotes),
        Dialect("\t", True, quotes),
        Dialect(None, True, quotes),
        Dialect(",", False, quotes),
        Dialect("|", True, quotes),
    ]
    for way in ways:
        fields = way.fields(line)
        if len(fields) >= FEWEST_COLUMNS and sum(map(is_number, fields)) >= FEWEST_COLUMNS:
            return way
    return None


def _described(header: TextHeader, before: Sequence[str]) -> TextHeader:
    """Add what the lines before the events say."""
    for line in before:
        comment = is_comment(line)
        text = line.lstrip("".join(COMMENTS)).strip()
        names = _names(text, header, comment)
        if names:
            header = replace(header, names=names, unit=_unit(names) or header.unit)
            continue
        note = next(filter(None, (pattern.match(text) for pattern in NOTES)), None) if comment else None
        if note:
            header = replace(header, metadata=(*header.metadata, (note[1].strip().lower(), note[2].strip())))
        header = replace(header, size=header.size or _size(text, comment))
    return header


def _names(text: str, header: TextHeader, comment: bool) -> tuple[str, ...]:
    """The names of the columns in a line, or nothing."""
    if not comment:
        words = header.dialect.fields(text)
        if len(words) != header.columns:
            words = re.split(r"[\s,;]+", text.replace('"', ""))
        known = [role_of(word) for word in words]
        return tuple(words) if len(words) == header.columns and len({*known} - {None}) > 1 else ()
    # A comment may say more than the names: look for as many neighbors as there are columns.
    words = [word.strip() for word in re.findall(r"[^\s,;|:(\[]+\s*(?:\([^)]*\)|\[[^\]]*\])?", text)]
    for first in range(len(words) - header.columns + 1):
        run = words[first : first + header.columns]
        if order_of(run):
            return tuple(run)
    return ()


def _unit(names: Sequence[str]) -> str | None:
    order = order_of(names) or ()
    return unit_in(names[order.index("t")]) if "t" in order else None


def _size(text: str, comment: bool) -> tuple[int, int] | None:
    """A size of the sensor that a line alone says: `640 480`, or in a comment `width 640 height 480`."""
    if not comment:
        return size_in(text)
    found = re.search(
        r"(?:geometry|resolution|size|sensor)\D{0,20}?(\d{2,5})\s*[x×, ]\s*(\d{2,5})\b", text, re.IGNORECASE
    )
    if found is None:
        return None
    width, height = int(found[1]), int(found[2])
    return (width, height) if width <= LARGEST_SIDE and height <= LARGEST_SIDE else None
