"""Which rows of a table are trained on and which are kept for validation: whole slides, drawn by a seed, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels.label_table import LabelTable
from wholefield.tasks.slides.labels.same_content import notes_on_copies
from wholefield.training.kept_split import PART, KeptSplit

ONE_SLIDE = "All rows belong to one slide, so training and validation share it; expect less on other slides."


class Row(Protocol):
    """A row of a table of slides."""

    @property
    def path(self) -> Path:
        """The slide."""

    @property
    def region(self) -> Rect[int] | None:
        """The part of it to use."""


@dataclass(frozen=True)
class Split:
    """Row numbers for training and for validation, each ascending."""

    training: tuple[int, ...]
    validation: tuple[int, ...]


def units_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """What each row is divided by: the real path of its slide; where there is one slide only, the row itself."""
    slides = [str(row.path.resolve()) for row in rows]
    if len(set(slides)) > 1:
        return tuple(slides)
    return tuple(
        f"{slide}{PART}{'whole' if row.region is None else ','.join(map(str, row.region))}"
        for slide, row in zip(slides, rows, strict=True)
    )


def split(table: LabelTable, fraction: float, seed: int, kept: KeptSplit | None = None) -> Split:
    """Divide the slides at random, class by class, so that training and validation hold every class.

    All rows of a slide land on one side; only where all are of one slide the rows themselves are divided. Slides that
    an earlier part of the run trained on or validated with stay on their side.

    Args:
        table: The rows.
        fraction: Share of the slides of each class for validation, rounded, at least one, never all.
        seed: Seed of the draw.
        kept: The split of the earlier part of a run; None for a new one.

    Returns:
        The rows of both sides.

    Raises:
        SettingError: A class has a single slide, or its slides cannot be divided because of other classes on them.
    """
    random = np.random.default_rng(seed)
    units = units_of(table.rows)
    sides = {} if kept is None else kept.sides(units)
    slides = {
        name: list(
            dict.fromkeys(unit for unit, row in zip(units, table.rows, strict=True) if row.label == name)
        )
        for name in table.classes
    }
    # Slides may have rows of several classes: the class with the least choice goes first.
    for name in sorted(table.classes, key=lambda name: len(slides[name])):
        _divide(slides[name], fraction, random, sides)
    for name, members in slides.items():
        _demand_both(name, [sides[unit] for unit in members])
    return _split_of(units, sides)


def split_rows(rows: Sequence[Row], fraction: float, seed: int, kept: KeptSplit | None = None) -> Split:
    """Divide rows at random, so that all rows of a slide land on one side; both sides hold one at least.

    Only where all rows are of one slide the rows themselves are divided. Slides of an earlier part of the run stay on
    their side.

    Args:
        rows: The rows.
        fraction: Share of the slides for validation, rounded.
        seed: Seed of the draw.
        kept: The split of the earlier part of a run; None for a new one.

    Returns:
        The rows of both sides.

    Raises:
        SettingError: What is left of an earlier split has one side only.
    """
    units = units_of(rows)
    sides = {} if kept is None else kept.sides(units)
    names = sorted(set(units))
    _divide(names, fraction, np.random.default_rng(seed), sides)
    if len({sides[name] for name in names}) < 2:
        raise SettingError(
            "The slides that the run trained on or validated with before are gone, so that one side of the split is "
            "empty; put them back, or start a new run."
        )
    return _split_of(units, sides)


def kept_of(rows: Sequence[Row], parts: Split) -> KeptSplit:
    """A split as a run keeps it."""
    units = units_of(rows)
    training, validation = (
        tuple(dict.fromkeys(units[i] for i in part)) for part in (parts.training, parts.validation)
    )
    return KeptSplit(training, validation)


def notes_on_split(rows: Sequence[Row], parts: Split, kept: KeptSplit | None) -> tuple[str, ...]:
    """What to say of a split, as sentences: one slide for both sides, copies, and what was new when a run went on."""
    notes = [ONE_SLIDE] if len({row.path.resolve() for row in rows}) == 1 else []
    notes += notes_on_copies(row.path for row in rows)
    if kept is not None:
        units = units_of(rows)
        new, validation = set(kept.new(units)), {units[i] for i in parts.validation}
        if new:
            held_out = len(new & validation)
            notes.append(
                f"{len(new)} slides are new since the earlier part of the run: {len(new) - held_out} for training, "
                f"{held_out} for validation. All others stay on their side of the split."
            )
        if gone := len(kept.training) + len(kept.validation) - (len(set(units)) - len(new)):
            notes.append(f"{gone} slides of the earlier part of the run are no longer in the table.")
    return tuple(notes)


def _divide(
    slides: Sequence[str], fraction: float, random: np.random.Generator, sides: dict[str, bool]
) -> None:
    """Note in `sides` for each slide that is not there yet whether it is for validation."""
    wanted = min(max(round(len(slides) * fraction), 1), len(slides) - 1)
    missing = wanted - sum(sides.get(path, False) for path in slides)
    free = [slides[i] for i in random.permutation(len(slides)) if slides[i] not in sides]
    for place, path in enumerate(free):
        sides[path] = place < missing


def _demand_both(name: str, sides: Sequence[bool]) -> None:
    if len(sides) < 2:
        raise SettingError(
            f"The class {name} has one slide, but training and validation need one each; label another."
        )
    if all(sides) or not any(sides):
        raise SettingError(
            f"The slides of the class {name} have rows of other classes too, and cannot be divided into training "
            "and validation; label more slides."
        )


def _split_of(units: Sequence[str], sides: Mapping[str, bool]) -> Split:
    rows = range(len(units))
    return Split(
        tuple(row for row in rows if not sides[units[row]]), tuple(row for row in rows if sides[units[row]])
    )
