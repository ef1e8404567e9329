"""The label file of a classify run: which slide, or part of one, belongs to which class. Imports no torch."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels.tables import Folders, Record, read_table, region_of, text_of

# What programs write where there is no value; none of them is the name of a class.
MISSING = frozenset({"", "nan", "-nan", "#n/a", "#na", "n/a", "<na>", "nat", "null", "#value!", "#ref!"})
# What may be either: the name of a class, or what a program writes where there is no value.
EITHER = frozenset({"none", "na"})
MOST_LINES = 5


@dataclass(frozen=True)
class LabeledSlide:
    """One row of the label file.

    Attributes:
        path: The slide file.
        label: The class.
        region: The part of the slide that the label speaks of; None for the whole slide.
    """

    path: Path
    label: str
    region: Rect[int] | None = None


@dataclass(frozen=True)
class LabelTable:
    """The rows of a label file and the classes that they name.

    Attributes:
        rows: The rows in the order of the file; those without a class are left out.
        classes: The classes in sorted order, numbers by their size; a class's place is its index in the network's
            output.
        notes: What to say of the file, as sentences.
    """

    rows: tuple[LabeledSlide, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def targets(self) -> tuple[int, ...]:
        """The class index of every row."""
        return tuple(self.classes.index(row.label) for row in self.rows)


def read_labels(labels: Path, slides: Path) -> LabelTable:
    """Read a label file: a text table with a header and the columns file and label.

    The further columns x, y, width and height, in pixels of level 0, are optional; a row that fills them
    labels that part of the slide only, so that one slide may have several rows. Rows whose label is empty or says that
    there is none, such as nan, are left out and counted.

    Args:
        labels: The file.
        slides: The folder that the file names are relative to; those that are not there are looked for beside the
            label file.

    Returns:
        Its rows and classes.

    Raises:
        SettingError: Names the file, the line and what is wrong with it.
    """
    read, folders = read_table(labels, ("file", "label")), Folders(slides, labels)
    kept, notes = _with_class(labels, read.records)
    rows: list[LabeledSlide] = []
    seen: dict[tuple[Path, Rect[int] | None], int] = {}
    for line, record in kept:
        place = f"{labels}, line {line}"
        path, said = folders.file_of(record, "file", place)
        row = LabeledSlide(path, text_of(record, "label", place), region_of(record, place))
        earlier = seen.setdefault((path.resolve(), row.region), line)
        if earlier != line:
            raise SettingError(f"{place}: {path.name} is also listed in line {earlier}; keep one.")
        rows.append(row)
        notes += said
    if not rows:
        raise SettingError(f"The label file {labels} lists no slides; add a line (file,label) for each.")
    _demand_distinct(labels, [(line, row.label) for (line, _), row in zip(kept, rows, strict=True)])
    classes = in_order({row.label for row in rows})
    if len(classes) == 1:
        raise SettingError(
            f"The label file {labels} has only the class {classes[0]}; label slides of another too."
        )
    return LabelTable(tuple(rows), classes, tuple(dict.fromkeys((*read.notes, *notes))))


def in_order(classes: Iterable[str]) -> tuple[str, ...]:
    """Names of classes in sorted order; by their size where all of them are numbers."""
    numbers = {name: _number(name) for name in classes}
    if None in numbers.values():
        return tuple(sorted(numbers))
    return tuple(sorted(numbers, key=lambda name: (numbers[name], name)))


def _with_class(
    labels: Path, records: Sequence[tuple[int, Record]]
) -> tuple[list[tuple[int, Record]], list[str]]:
    """The lines that have a class, and what to say of the others.

    Raises:
        SettingError: A label may be a class or not.
    """
    kept, dropped = [], []
    for line, record in records:
        text = record["label"].strip()
        if text.casefold() in EITHER:
            raise SettingError(
                f'{labels}, line {line}: the label "{text}" may be the name of a class, or mean that there is none; '
                "call the class otherwise, or leave the label empty."
            )
        if text.casefold() in MISSING:
            text_of(record, "file", f"{labels}, line {line}")
            dropped.append((line, text))
        else:
            kept.append((line, record))
    notes = _notes_on_spaces(labels, [record["label"] for _, record in kept])
    if not dropped:
        return kept, notes
    words = ", ".join(dict.fromkeys(text or "empty" for _, text in dropped))
    count = f"{len(dropped)} row has" if len(dropped) == 1 else f"{len(dropped)} rows have"
    return kept, [
        f"{labels.name}: {count} no class ({words}; {_lines(dropped)}) and count for nothing.",
        *notes,
    ]


def _notes_on_spaces(labels: Path, texts: Sequence[str]) -> list[str]:
    """What to say of classes that occur with spaces around them and without."""
    plain = {text for text in texts if text == text.strip()}
    both = sorted({text.strip() for text in texts if text != text.strip()} & plain)
    if not both:
        return []
    return [
        f"{labels.name}: spaces around the names of classes ({', '.join(both[:MOST_LINES])}) are left out."
    ]


def _lines(found: Sequence[tuple[int, str]]) -> str:
    shown = ", ".join(str(line) for line, _ in found[:MOST_LINES])
    more = f" and {len(found) - MOST_LINES} more" if len(found) > MOST_LINES else ""
    return f"line{'s' if len(found) > 1 else ''} {shown}{more}"


def _demand_distinct(labels: Path, found: Sequence[tuple[int, str]]) -> None:
    """Refuse classes that look like one that is written in two ways.

    Raises:
        SettingError: There are such.
    """
    first: dict[object, tuple[int, str]] = {}
    for line, label in found:
        number = _number(label)
        key: object = _folded(label) if number is None else number
        earlier_line, earlier = first.setdefault(key, (line, label))
        if earlier != label:
            how = "in how the number is written" if number is not None else _difference(earlier, label)
            raise SettingError(
                f"{labels}, line {line}: the class {label} differs from {earlier} of line {earlier_line} only {how}; "
                "write both alike, or give one another name."
            )


def _folded(label: str) -> str:
    """A label without what the eye takes for the same: case, spaces, ways to compose accents."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def _difference(one: str, other: str) -> str:
    return "in upper and lower case" if one.casefold() == other.casefold() else "in spaces or accents"


def _number(label: str) -> float | None:
    """The number that a class is called by; a name, so that no sign in it is taken for one between thousands."""
    try:
        value = float(label.replace(",", "."))
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None
