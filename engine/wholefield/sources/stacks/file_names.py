"""Names of voxel files in headers of MetaImage and NRRD: one, a list, or a numbered pattern."""

from __future__ import annotations

import re
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.stacks.answers import file_below

# `slice%03d.raw 1 12 1`: the pattern, the first and last number, and the step.
NUMBERED = re.compile(
    r"(?P<pattern>.*?\S)\s+(?P<first>-?\d{1,18})\s+(?P<last>-?\d{1,18})(?:\s+(?P<step>-?\d{1,18}))?"
)
# One number with leading zeros; a width of a million digits is an attack.
CONVERSION = re.compile(r"%(?P<zeros>0?)(?P<width>\d{0,2})[diu]")
LIST_BYTES = 2**22
MOST_FILES = 100_000


def named_files(header: Path, named: str, count: int, reading: Reading) -> tuple[Path, ...]:
    """The files that a header names on one line.

    A % in a name belongs to the name, unless a range of numbers follows.

    Args:
        header: The header.
        named: What it says.
        count: The most files that can be meant: one for each plane.
        reading: May allow names elsewhere.

    Raises:
        SourceError: The line makes no sense, or names files elsewhere.
    """
    found = NUMBERED.fullmatch(named)
    if found is None or _exists(header, named) or "%" not in found["pattern"]:
        return (file_below(header, named, reading),)
    numbers = _range(int(found["first"]), int(found["last"]), int(found["step"] or 1))
    conversions = CONVERSION.findall(found["pattern"])
    if (
        len(conversions) != 1
        or found["pattern"].count("%") != 1
        or not 0 < len(numbers) <= min(count, MOST_FILES)
    ):
        raise SourceError(
            f"{header} names its voxels {named[:200]}, which is not a pattern of one to {count} files; check its "
            "header."
        )
    return tuple(file_below(header, found["pattern"] % number, reading) for number in numbers)


def listed_files(header: Path, text: bytes, count: int, reading: Reading) -> tuple[Path, ...]:
    """The files whose names follow a header, one a line.

    Raises:
        SourceError: There are none, more than planes, or they lie elsewhere.
    """
    names = [line.strip() for line in text.decode("utf-8", "surrogateescape").splitlines() if line.strip()]
    if not 0 < len(names) <= min(count, MOST_FILES):
        raise SourceError(f"{header} lists {len(names)} files for {count} planes; check its header.")
    return tuple(file_below(header, name, reading) for name in names)


def _range(first: int, last: int, step: int) -> range:
    return range(first, last + (1 if step > 0 else -1), step) if step else range(0)


def _exists(header: Path, name: str) -> bool:
    try:
        return (header.parent / name).is_file()
    except (OSError, ValueError):
        return False
