"""Which pictures of a folder are the slices of one stack, and what is said about the others."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.stacks.slices.look import SliceLook, look_of
from wholefield.sources.stacks.slices.names import (
    Series,
    gaps_in,
    in_order,
    is_preview,
    mixed_in,
    pattern_of,
    series_in,
)

# Endings of slices, and what a folder of them is called.
SLICES = {".tif": "TIFF", ".tiff": "TIFF", ".png": "PNG", ".bmp": "BMP", ".jpg": "JPEG", ".jpeg": "JPEG"}
NAMES_SHOWN = 3


@dataclass(frozen=True)
class SliceSelection:
    """The pictures of a folder: the slices, what they look like, and what is said about the others."""

    files: tuple[Path, ...]
    look: SliceLook
    warnings: tuple[str, ...]


def slices_in(folder: Path) -> list[Path]:
    """The pictures in a folder that can be slices of a stack: those of the format that most of them have."""
    return in_order([folder / name for name in max(_names_by_format(folder).values(), key=len, default=[])])


def likely_slices(folder: Path) -> list[str]:
    """The names of the longest series in a folder, in no natural order: enough to see what the folder is."""
    names = max(_names_by_format(folder).values(), key=len, default=[])
    groups: dict[str, list[str]] = {}
    for name in names:
        if not is_preview(name):
            groups.setdefault(pattern_of(name), []).append(name)
    longest = max(groups.values(), key=len, default=[])
    return sorted(longest if len(longest) > 1 else names)


def _names_by_format(folder: Path) -> dict[str, list[str]]:
    """The names of pictures by what SLICES calls them."""
    groups: dict[str, list[str]] = {}
    # The listing says what is a file: a folder may hold thousands.
    with os.scandir(folder) as entries:
        for entry in entries:
            kind = SLICES.get(os.path.splitext(entry.name)[1].lower())
            if kind and not entry.name.startswith(".") and entry.is_file():
                groups.setdefault(kind, []).append(entry.name)
    return groups


def series_of(files: Sequence[Path]) -> list[Series]:
    """The series in a folder, the longest first; names that have nothing in common are one series."""
    series = series_in([path for path in files if not is_preview(path.name)])
    if sum(len(each.files) == 1 for each in series) * 2 > len(files):
        return [Series("", tuple(in_order([path for each in series for path in each.files])))]
    return series


def alike_series(series: list[Series]) -> list[Series]:
    """Of several series those that look like the first, and have more than one slice."""
    if not series:
        return []
    look = _look(series[0].files[0])
    return [each for each in series if len(each.files) > 1 and _look(each.files[0]) == look]


def selected(path: Path, reading: Reading) -> SliceSelection:
    """The slices of a folder and what is said about its other pictures.

    Raises:
        SourceError: As for `open_slice_folder`.
    """
    groups = _names_by_format(path)
    pictures = slices_in(path)
    series = series_of(pictures)
    if not series:
        raise SourceError(
            f"{path} is a folder without slices; choose one with TIFF, PNG, BMP, JPEG or DICOM files."
        )
    alike = alike_series(series)
    chosen = series[0]
    if "series" in reading:
        wanted = reading["series"].casefold()
        chosen = next(
            (each for each in (*series, *mixed_in(series)) if each.pattern == wanted), Series("", ())
        )
        if not chosen.files:
            raise SourceError(
                f"{path} has no slices named {reading['series']}; there are {_patterns(series)}."
            )
    elif len(alike) > 1:
        question = series_question(alike)
        raise UnclearFileError(
            f"{path} holds slices of several scans, {_patterns(alike)}; choose one, for example "
            f"series={question.start}.",
            (question,),
        )
    look = _common_look(path, chosen.files)
    kept = set(chosen.files)
    others = [each for each in pictures if each not in kept]
    others += [path / each for names in groups.values() if pictures[0].name not in names for each in names]
    return SliceSelection(chosen.files, look, (*_left_out(others), *gaps_in(chosen.files)))


def _common_look(path: Path, files: Sequence[Path]) -> SliceLook:
    """What all slices look like.

    Raises:
        SourceError: Some of them look otherwise, or cannot be read.
    """
    looks = [_look(each) for each in files]
    usual, count = Counter(looks).most_common(1)[0]
    odd = [each for each, look in zip(files, looks, strict=True) if look != usual]
    if usual is None or count * 2 <= len(files):
        raise SourceError(
            f"{path} holds pictures that differ in size or type, or that are damaged; a stack needs a folder "
            "with nothing but its slices."
        )
    if odd:
        wrong = _look(odd[0])
        reason = f"is {wrong}" if wrong else "is damaged or cut off"
        more = f", and so are {len(odd) - 1} more" if len(odd) > 1 else ""
        raise SourceError(
            f"{odd[0]} {reason}, unlike the other {count} slices of its folder, which are {usual}{more}; copy it "
            "again, or take it out of the folder."
        )
    return usual


def _look(path: Path) -> SliceLook | None:
    try:
        return look_of(path)
    except OSError:
        return None


def _left_out(others: list[Path]) -> tuple[str, ...]:
    if not others:
        return ()
    named = ", ".join(each.name for each in in_order(others)[:NAMES_SHOWN])
    more = f" and {len(others) - NAMES_SHOWN} more" if len(others) > NAMES_SHOWN else ""
    return (f"Not among the slices, by their names, are {named}{more}.",)


def series_question(series: list[Series]) -> Question:
    """Which of several scans is read, or all of them in a row where their names are alike."""
    answers = [Answer(each.pattern, f"{each.pattern}, {len(each.files)} slices") for each in series]
    answers += [
        Answer(each.pattern, f"{each.pattern}, all {len(each.files)} in a row") for each in mixed_in(series)
    ]
    return Question(
        "series", "Scan", tuple(answers), help="Slices of several scans lie in the folder.", needed=True
    )


def _patterns(series: list[Series]) -> str:
    return ", ".join(each.pattern for each in series[:NAMES_SHOWN])
