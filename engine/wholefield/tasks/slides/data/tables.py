"""CSV tables that name slides, or parts of slides, with a sentence for every mistake. Imports no torch."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect

REGION = ("x", "y", "width", "height")

Record = Mapping[str, str]


def read_records(table: Path, required: Sequence[str]) -> Sequence[tuple[int, Record]]:
    """The lines of a CSV with a header, with their line numbers; blank lines are skipped.

    Column names may have any case; files written by spreadsheets are fine.

    Raises:
        SettingError: the file cannot be read, or lacks a required column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", restval="", skipinitialspace=True)
            columns = tuple(name.strip().lower() for name in reader.fieldnames or ())
            reader.fieldnames = columns
            records = [(reader.line_num, record) for record in reader]
    except OSError as error:
        raise SettingError(f"The table {table} cannot be read ({error.strerror}); choose another.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingError(f"The table {table} is not a CSV text file ({error}); choose another.") from error
    for name in required:
        if name not in columns:
            found = ", ".join(columns) or "none"
            raise SettingError(f"The table {table} has no column {name} (it has {found}); add it.")
    return records


def text_of(record: Record, column: str, place: str) -> str:
    """The text of a column.

    Raises:
        SettingError: it is empty.
    """
    text = record[column].strip()
    if not text:
        raise SettingError(f"{place}: the {column} is empty; fill it in.")
    return text


def file_of(record: Record, column: str, folder: Path, place: str) -> Path:
    """The file that a column names, relative to a folder.

    Raises:
        SettingError: it is empty, or there is no such file.
    """
    name = text_of(record, column, place)
    path = folder / name
    if not path.exists():
        raise SettingError(f"{place}: {name} is not in the folder {folder}; correct the name or the folder.")
    return path


def region_of(record: Record, place: str) -> Rect[int] | None:
    """The part of the slide that a line speaks of; None, the whole slide, where the line names none.

    Raises:
        SettingError: x, y, width and height are no rectangle.
    """
    texts = [(record.get(column) or "").strip() for column in REGION]
    if not any(texts):
        return None
    try:
        x, y, width, height = (int(text) for text in texts)
    except ValueError:
        raise SettingError(
            f"{place}: x, y, width and height must be four whole numbers, or all empty."
        ) from None
    if x < 0 or y < 0 or width < 1 or height < 1:
        raise SettingError(f"{place}: the region must lie inside the slide and have a positive size.")
    return Rect(x, y, width, height)
