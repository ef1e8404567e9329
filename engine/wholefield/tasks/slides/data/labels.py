"""The label file of a classify run: which slide, or part of one, belongs to which class. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.tables import file_of, read_records, region_of, text_of

Unit = Path | int
"""What is divided into training and validation: a slide, or a row by its number."""

ONE_SLIDE = "All rows belong to one slide, so training and validation share it; expect less on other slides."


@dataclass(frozen=True)
class LabeledSlide:
    """One row of the label file.

    Attributes:
        path: the slide file.
        label: the class.
        region: the part of the slide that the label speaks of; None for the whole slide.
    """

    path: Path
    label: str
    region: Rect[int] | None = None


@dataclass(frozen=True)
class LabelTable:
    """The rows of a label file and the classes that they name.

    Attributes:
        rows: the rows in the order of the file.
        classes: the classes in sorted order; a class's place is its index in the network's output.
    """

    rows: tuple[LabeledSlide, ...]
    classes: tuple[str, ...]

    def targets(self) -> tuple[int, ...]:
        """The class index of every row."""
        return tuple(self.classes.index(row.label) for row in self.rows)


@dataclass(frozen=True)
class Split:
    """Row numbers for training and for validation, each ascending."""

    training: tuple[int, ...]
    validation: tuple[int, ...]


def read_labels(labels: Path, slides: Path) -> LabelTable:
    """Read a label file: a CSV with a header and the columns file and label.

    The further columns x, y, width and height, in pixels of level 0, are optional; a row that fills them
    labels that part of the slide only, so that one slide may have several rows.

    Args:
        labels: the CSV file.
        slides: the folder that the file names are relative to.

    Raises:
        SettingError: names the file, the line and what is wrong with it.
    """
    rows: list[LabeledSlide] = []
    seen: dict[tuple[Path, Rect[int] | None], int] = {}
    for line, record in read_records(labels, ("file", "label")):
        place = f"{labels}, line {line}"
        label = text_of(record, "label", place)
        row = LabeledSlide(file_of(record, "file", slides, place), label, region_of(record, place))
        earlier = seen.setdefault((row.path, row.region), line)
        if earlier != line:
            raise SettingError(
                f"{labels}, line {line}: {row.path.name} is also listed in line {earlier}; keep one."
            )
        rows.append(row)
    if not rows:
        raise SettingError(f"The label file {labels} lists no slides; add a line (file,label) for each.")
    classes = tuple(sorted({row.label for row in rows}))
    if len(classes) == 1:
        raise SettingError(
            f"The label file {labels} has only the class {classes[0]}; label slides of another too."
        )
    return LabelTable(tuple(rows), classes)


def split(table: LabelTable, fraction: float, seed: int) -> Split:
    """Divide the slides at random, class by class, so that training and validation hold every class.

    All rows of a slide land on one side; only where all are of one slide the rows themselves are divided.

    Args:
        table: the rows.
        fraction: share of the slides of each class for validation, rounded, at least one, never all.
        seed: seed of the draw.

    Raises:
        SettingError: a class has a single slide, or its slides cannot be divided because of other classes on them.
    """
    random = np.random.default_rng(seed)
    sides: dict[Unit, bool] = {}
    units = _units(table)
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
    rows = range(len(table.rows))
    return Split(
        tuple(row for row in rows if not sides[units[row]]),
        tuple(row for row in rows if sides[units[row]]),
    )


def _units(table: LabelTable) -> Sequence[Unit]:
    """What each row is divided by: its slide, or itself where there is one slide only."""
    slides = [row.path for row in table.rows]
    return slides if len(set(slides)) > 1 else range(len(slides))


def _divide(
    slides: list[Unit], fraction: float, random: np.random.Generator, sides: dict[Unit, bool]
) -> None:
    """Note in `sides` for each slide that is not there yet whether it is for validation."""
    wanted = min(max(round(len(slides) * fraction), 1), len(slides) - 1)
    missing = wanted - sum(sides.get(path, False) for path in slides)
    free = [slides[i] for i in random.permutation(len(slides)) if slides[i] not in sides]
    for place, path in enumerate(free):
        sides[path] = place < missing


def _demand_both(name: str, sides: list[bool]) -> None:
    if len(sides) < 2:
        raise SettingError(
            f"The class {name} has one slide, but training and validation need one each; label another."
        )
    if all(sides) or not any(sides):
        raise SettingError(
            f"The slides of the class {name} have rows of other classes too, and cannot be divided into training "
            "and validation; label more slides."
        )
