"""Which rows of a table are trained on and which are kept for validation: whole slides, drawn by a seed, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add
from pathlib import Path
from typing import Protocol

import numpy as np

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels.label_table import LabelTable
from wholefield.tasks.slides.labels.same_content import copies, notes_on_copies
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


@dataclass(frozen=True)
class Units:
    """What rows are divided by.

    Attributes:
        rows: For each row its slide; where there is one slide only, the row itself. A slide is its real path, or that
            of the first of several files that hold the same.
        names: What a run calls each row in the split that it keeps: as above, but every file by its own path.
        one_slide: Whether all rows are of one slide.
    """

    rows: tuple[str, ...]
    names: tuple[str, ...]
    one_slide: bool = False

    def sides(self, kept: KeptSplit | None) -> dict[str, bool]:
        """Which units are kept for validation (True) or trained on (False) by an earlier split.

        Unknown ones are left out. Of copies that an earlier part of the run had on both sides, all are trained on.
        """
        known = {} if kept is None else kept.sides(self.names)
        found: dict[str, bool] = {}
        for unit, name in zip(self.rows, self.names, strict=True):
            if name in known:
                found[unit] = found.get(unit, True) and known[name]
        return found


def units_of(rows: Sequence[Row]) -> Units:
    """What rows are divided by, so that copies of a file are on one side."""
    paths = [row.path.resolve() for row in rows]
    first = {path: group[0] for group in copies(paths) for path in group}
    slides = [str(first.get(path, path)) for path in paths]
    names = [str(path) for path in paths]
    if len(set(slides)) > 1:
        return Units(tuple(slides), tuple(names))
    parts = [PART + ("whole" if row.region is None else ",".join(map(str, row.region))) for row in rows]
    return Units(tuple(map(add, slides, parts)), tuple(map(add, names, parts)), one_slide=True)


def split(table: LabelTable, fraction: float, seed: int, kept: KeptSplit | None = None) -> Split:
    """Divide the slides at random, class by class, so that training and validation hold every class.

    All rows of a slide and of its copies land on one side; only where all are of one slide the rows themselves are
    divided. Slides that an earlier part of the run trained on or validated with stay on their side.

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
    sides = units.sides(kept)
    slides = {
        name: list(
            dict.fromkeys(unit for unit, row in zip(units.rows, table.rows, strict=True) if row.label == name)
        )
        for name in table.classes
    }
    # Slides may have rows of several classes: the class with the least choice goes first.
    for name in sorted(table.classes, key=lambda name: len(slides[name])):
        _divide(slides[name], fraction, random, sides)
    for name, members in slides.items():
        files = {row.path.resolve() for row in table.rows if row.label == name}
        _demand_both(name, [sides[unit] for unit in members], len(files))
    return _split_of(units.rows, sides)


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
        SettingError: There is one slide or part of it only, or what is left of an earlier split has one side only.
    """
    units = units_of(rows)
    sides = units.sides(kept)
    names = sorted(set(units.rows))
    if len(names) < 2:
        raise SettingError(
            "All rows are of the same part of one slide or of copies of it, so that there is nothing left to validate "
            "with; add another slide, or divide this one with the columns x, y, width and height."
        )
    _divide(names, fraction, np.random.default_rng(seed), sides)
    if len({sides[name] for name in names}) < 2:
        raise SettingError(
            "The slides that the run trained on or validated with before are gone, so that one side of the split is "
            "empty; put them back, or start a new run."
        )
    return _split_of(units.rows, sides)


def kept_of(rows: Sequence[Row], parts: Split) -> KeptSplit:
    """A split as a run keeps it."""
    names = units_of(rows).names
    training, validation = (
        tuple(dict.fromkeys(names[i] for i in part)) for part in (parts.training, parts.validation)
    )
    return KeptSplit(training, validation)


def notes_on_split(rows: Sequence[Row], parts: Split, kept: KeptSplit | None) -> tuple[str, ...]:
    """What to say of a split, as sentences: one slide for both sides, copies, and what was new when a run went on."""
    units = units_of(rows)
    notes = [ONE_SLIDE] if units.one_slide else []
    notes += notes_on_copies(row.path for row in rows)
    if kept is not None:
        names = units.names
        new, validation = set(kept.new(names)), {names[i] for i in parts.validation}
        if new:
            held_out = len(new & validation)
            notes.append(
                f"{len(new)} slides are new since the earlier part of the run: {len(new) - held_out} for training, "
                f"{held_out} for validation. All others stay on their side of the split."
            )
        if gone := len(kept.training) + len(kept.validation) - (len(set(names)) - len(new)):
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


def _demand_both(name: str, sides: Sequence[bool], files: int) -> None:
    if len(sides) < 2:
        copied = f" in {files} copies" if files > 1 and sides else ""
        raise SettingError(
            f"The class {name} has one slide{copied}, but training and validation need one each; label another."
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
