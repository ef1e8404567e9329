"""Names of slices in a folder: their order, the series that they form, and what is missing between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

NUMBERS = re.compile(r"\d+")
# NRecon and CTAn of Bruker write previews beside the slices: one of a section along each axis.
PREVIEW = re.compile(r"_(spr|sag|cor|tra|arc)\.[^.]+$", re.IGNORECASE)
TIME = re.compile(r"(^|[^a-z])(t|time|tp|frame)[ _-]?$", re.IGNORECASE)
SHOWN = 3


@dataclass(frozen=True)
class Series:
    """Slices whose names differ in their numbers alone.

    Attributes:
        pattern: Their name with # for every number.
        files: In natural order.
    """

    pattern: str
    files: tuple[Path, ...]


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names so that 2 comes before 10; digits before letters, and capitals with small letters."""
    parts = re.findall(r"(\d+)|(\D+)", name)
    # Equal numbers with more zeros in front come later, so that the order is always the same.
    return tuple((0, int(digits), digits) if digits else (1, 0, text.casefold()) for digits, text in parts)


def in_order(files: Sequence[Path]) -> list[Path]:
    """Files in the natural order of their names."""
    return sorted(files, key=lambda path: natural_key(path.name))


def series_in(files: Sequence[Path]) -> list[Series]:
    """The series that some files form, the longest first."""
    groups: dict[str, list[Path]] = {}
    for path in in_order(files):
        groups.setdefault(pattern_of(path.name), []).append(path)
    found = [part for pattern, members in groups.items() for part in _split(Series(pattern, tuple(members)))]
    return sorted(found, key=lambda series: (-len(series.files), series.pattern))


def _split(series: Series) -> list[Series]:
    """The scans of a series whose names count scans and slices, as in scan1_001.tif to scan2_300.tif."""
    pairs = grid_of(series.files) if len(series.files) > 1 else None
    if pairs is None or counts_time(series.files):
        return [series]
    scans: dict[str, list[Path]] = {}
    for path, (scan, _) in zip(series.files, pairs, strict=True):
        scans.setdefault(scan, []).append(path)
    if any(len(files) < 2 for files in scans.values()):
        return [series]
    place = _varying(series.files)[0]
    return [Series(_with_number(files[0].name, place), tuple(files)) for files in scans.values()]


def mixed_in(series: Sequence[Series]) -> list[Series]:
    """The series that some scans were split from, whole; none where they have different names."""
    groups: dict[str, list[Series]] = {}
    for each in series:
        if each.files:
            groups.setdefault(pattern_of(each.files[0].name), []).append(each)
    return [
        Series(pattern, tuple(in_order([path for each in members for path in each.files])))
        for pattern, members in groups.items()
        if len(members) > 1
    ]


def _varying(files: Sequence[Path]) -> list[int]:
    """Which of the numbers in the names differ."""
    numbers = [NUMBERS.findall(path.name) for path in files]
    return [place for place in range(len(numbers[0])) if len({each[place] for each in numbers}) > 1]


def _with_number(name: str, kept: int) -> str:
    """A pattern in which one of the numbers is kept."""
    places = iter(range(len(NUMBERS.findall(name))))
    return NUMBERS.sub(lambda found: found[0] if next(places) == kept else "#", name).casefold()


def pattern_of(name: str) -> str:
    """A name with # for every number, in small letters."""
    return NUMBERS.sub("#", name).casefold()


def is_preview(name: str) -> bool:
    """Whether a name is that of a preview that Bruker's programs write."""
    return PREVIEW.search(name) is not None


def grid_of(files: Sequence[Path]) -> list[tuple[str, ...]] | None:
    """The numbers that vary in the names of a series, if there are two that form a full grid; None otherwise.

    Returns:
        For each file its two numbers, as they are written.
    """
    numbers = [tuple(NUMBERS.findall(path.name)) for path in files]
    if len({len(each) for each in numbers}) > 1:
        return None
    varying = _varying(files)
    if len(varying) != 2:
        return None
    pairs = [(each[varying[0]], each[varying[1]]) for each in numbers]
    first, second = ({int(pair[side]) for pair in pairs} for side in (0, 1))
    full = len(first) * len(second) == len(pairs) == len({(int(a), int(b)) for a, b in pairs})
    return [*pairs] if full else None


def counts_time(files: Sequence[Path]) -> bool:
    """Whether the first of the numbers that vary in the names of a series is marked as time, as in t01_z003.tif."""
    place = _varying(files)[0]
    start = [match.start() for match in NUMBERS.finditer(files[0].name)][place]
    return TIME.search(files[0].name[:start]) is not None


def gaps_in(files: Sequence[Path]) -> tuple[str, ...]:
    """A sentence where numbers are missing in the middle of a series, as when a slice was not copied."""
    numbers = [tuple(map(int, NUMBERS.findall(path.name))) for path in files]
    if len(files) < 3 or len({len(each) for each in numbers}) > 1:
        return ()
    varying = _varying(files)
    if len(varying) != 1:
        return ()
    found = sorted(each[varying[0]] for each in numbers)
    steps = [after - before for before, after in pairwise(found)]
    usual = min(steps)
    # Names such as 0, 2, 4 have a step of two; without one usual step nothing is known to be missing.
    if usual < 1 or steps.count(usual) * 2 < len(steps) or any(step % usual for step in steps):
        return ()
    lost = [
        before + usual * place
        for before, step in zip(found, steps, strict=False)
        for place in range(1, min(step // usual, SHOWN + 2))
    ]
    if not lost:
        return ()
    count = sum(step // usual - 1 for step in steps)
    named = ", ".join(map(str, lost[:SHOWN]))
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    return (
        f"Slices are missing between others: number {named}{more}; the planes around them are closer than they were.",
    )
