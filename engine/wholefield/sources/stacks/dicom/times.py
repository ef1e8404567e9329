"""Slices that lie in the same place: copies of each other, or images of several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wholefield.sources.stacks.dicom.slices import MOMENT_NAMES, Slice

NAMED = 6
Alike = Callable[[Slice, Slice], bool]
# From this one on moments grow from slice to slice too, so that they give an order at each place but no common values.
FIRST_ORDER = MOMENT_NAMES.index("time of the frame")
# Those of the heart are common values where they are set, and an order where they are measured.
ORDERED = tuple(
    index for index, name in enumerate(MOMENT_NAMES) if index >= FIRST_ORDER or name.startswith("trigger")
)
# A value that is found at this share of the places is a time that lacks some slices; at fewer, a part of a scan.
MOSTLY = 0.75


@dataclass(frozen=True)
class Times:
    """The slices of each time.

    Attributes:
        times: As many slices for each time, in the order of the places.
        places: Which of the places have slices.
        moment: What tells the times apart, such as "echo time 5, 10"; empty where there is one.
        warnings: What is left out.
    """

    times: tuple[tuple[Slice, ...], ...]
    places: tuple[int, ...]
    moment: str = ""
    warnings: tuple[str, ...] = ()


def same_instance(first: Slice, second: Slice) -> bool:
    """Whether two slices of one place are the same image by their names."""
    return bool(first.instance) and (first.instance, first.frame) == (second.instance, second.frame)


def without_copies(places: Sequence[Sequence[Slice]], alike: Alike) -> tuple[list[list[Slice]], list[Slice]]:
    """Each place with one slice of those that are copies of each other, and the copies that are left out."""
    kept, copies = [], []
    for place in places:
        mine: list[Slice] = []
        for each in place:
            if any(alike(other, each) for other in mine):
                copies.append(each)
            else:
                mine.append(each)
        kept.append(mine)
    return kept, copies


def split_times(places: Sequence[Sequence[Slice]], alike: Alike = same_instance) -> Times:
    """Split slices by place into volumes of one time each.

    Args:
        places: The slices of each place, in the order of the stack.
        alike: Whether two slices of one place are copies of each other.

    Returns:
        As many times as all places have; incomplete ones are left out, and counted.
    """
    kept, copies = without_copies(places, alike)
    told = _told_copies(copies)
    every = tuple(range(len(kept)))
    counts = {len(place) for place in kept}
    if counts == {1}:
        return Times((tuple(place[0] for place in kept),), every, "", told)
    for index in range(FIRST_ORDER):
        found = _by_values(kept, index)
        if found is not None:
            return replace(found, warnings=(*told, *found.warnings))
    ordered, moment = _in_order(kept)
    number = min(counts)
    times = tuple(tuple(place[time] for place in ordered) for time in range(number))
    left_out = [each for place in ordered for each in place[number:]]
    return Times(times, every, moment if number > 1 else "", (*told, *_told_repeated(left_out, len(every))))


def _by_values(places: Sequence[Sequence[Slice]], index: int) -> Times | None:
    """Times by one of the moments, if its values are the same at all places.

    Incomplete times are left out; where all are incomplete, the places that some of them lack.
    """
    tables: list[dict[float, Slice]] = []
    for place in places:
        table = {_value(each, index): each for each in place}
        if None in table or len(table) < len(place):
            return None
        tables.append({value: each for value, each in table.items() if value is not None})
    counts = Counter(value for table in tables for value in table)
    chosen = sorted(value for value, count in counts.items() if count == len(places))
    if not chosen and 2 * sum(len(table) > 1 for table in tables) >= len(places):
        chosen = sorted(value for value, count in counts.items() if count >= MOSTLY * len(places))
    whole = tuple(place for place, table in enumerate(tables) if all(value in table for value in chosen))
    if not chosen or not whole or len(counts) == 1:
        return None
    times = tuple(tuple(tables[place][value] for place in whole) for value in chosen)
    kept = {each for time in times for each in time}
    left_out = [each for table in tables for each in table.values() if each not in kept]
    name = MOMENT_NAMES[index]
    moment = f"{name} {_listed(chosen)}" if len(chosen) > 1 else ""
    return Times(times, whole, moment, _told_incomplete(left_out, name))


def _in_order(places: Sequence[Sequence[Slice]]) -> tuple[list[list[Slice]], str]:
    """The slices of every place in the order of the first moment that tells all of them apart, and its name."""
    for index in ORDERED:
        values = [[_value(each, index) for each in place] for place in places]
        if all(None not in place and len(set(place)) == len(place) for place in values):
            return [sorted(place, key=_Moment(index)) for place in places], MOMENT_NAMES[index]
    return [sorted(place, key=_by_name) for place in places], "file names"


@dataclass(frozen=True)
class _Moment:
    """Sorts slices by one of their moments."""

    index: int

    def __call__(self, each: Slice) -> float:
        return _value(each, self.index) or 0.0


def _value(each: Slice, index: int) -> float | None:
    return each.moments[index] if index < len(each.moments) else None


def _by_name(each: Slice) -> tuple[Path, int]:
    return each.path, each.frame


def _listed(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:NAMED])
    return f"{shown}, ..." if len(values) > NAMED else shown


def counted(slices: Sequence[Slice]) -> str:
    """Such as "1 slice is" or "2 slices are"."""
    return "1 slice is" if len(slices) == 1 else f"{len(slices)} slices are"


def _told_copies(copies: Sequence[Slice]) -> tuple[str, ...]:
    if not copies:
        return ()
    files = len({each.path for each in copies})
    return (
        f"{files} {'file is a copy' if files == 1 else 'files are copies'} of others (same SOPInstanceUID) and left "
        f"out, such as {copies[0].path.name}.",
    )


def _told_incomplete(left_out: Sequence[Slice], moment: str) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (
        f"{counted(left_out)} left out: not all positions have those of their {moment}. The first is "
        f"{left_out[0].path.name}.",
    )


def _told_repeated(left_out: Sequence[Slice], places: int) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (
        f"{counted(left_out)} left out, in the same position as others, though most of the {places} positions occur "
        f"less often; the earlier ones are kept. The first of them is {left_out[0].path.name}.",
    )
