"""Text tables that name slides, as spreadsheets and scripts write them, with a sentence for every mistake.

Commas, semicolons, tabs or bars may separate the columns; the text may be UTF-8, with or without a byte order mark,
UTF-16, or Windows-1252. Imports no torch.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.numbers import AmbiguousNumberError, whole_of
from wholefield.sources.rect import Rect

REGION = ("x", "y", "width", "height")
SEPARATORS = ",;\t|"
LARGEST_TABLE = 256 * 2**20
# A table of slides begins with none of these; what it really is decides what to do.
OTHER_KINDS = {
    b"PK\x03\x04": "is an Excel or OpenDocument workbook; save its sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save its sheet as CSV",
}
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")

Record = Mapping[str, str]


@dataclass(frozen=True)
class TextTable:
    """The lines of a table.

    Attributes:
        records: Line numbers, counted from 1, and the texts of the columns by their names in lower case.
        notes: What to say of how it was read, as sentences.
    """

    records: Sequence[tuple[int, Record]]
    notes: tuple[str, ...] = ()


def read_table(table: Path, required: Sequence[str]) -> TextTable:
    """The lines of a text table with a header; blank lines are skipped.

    Column names may have any case.

    Args:
        table: The file.
        required: Columns that it must have.

    Raises:
        SettingError: The file cannot be read, or lacks a required column, or a line has more columns than the header.
    """
    text, notes = _text(table)
    lines = text.split("\n")
    # Excel takes the separator from such a first line, and some programs write it.
    told = re.fullmatch(r'"?sep=(.)"?', lines[0].strip(), re.IGNORECASE) if lines else None
    first = 1 if told else 0
    # Comments may stand before the header.
    while first < len(lines) and (not lines[first].strip() or lines[first].startswith("#")):
        first += 1
    header = next((line for line in lines[first:] if line.strip()), "")
    separator = told[1] if told else _separator(header, required)
    reader = csv.reader(
        io.StringIO("\n".join(lines[first:]), newline=""),
        delimiter=separator,
        skipinitialspace=separator != "\t",
    )
    try:
        rows = [(reader.line_num + first, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise SettingError(f"The table {table} is not a CSV text file ({error}); choose another.") from error
    columns = tuple(name.strip().lower() for name in rows[0][1]) if rows else ()
    _demand_columns(table, columns, required)
    return TextTable([(line, _record(table, line, columns, row)) for line, row in rows[1:]], notes)


def text_of(record: Record, column: str, place: str) -> str:
    """The text of a column.

    Raises:
        SettingError: It is empty.
    """
    text = record[column].strip()
    if not text:
        raise SettingError(f"{place}: the {column} is empty; fill it in.")
    return text


@dataclass(frozen=True)
class Folders:
    """Where the files that a table names are looked for, in this order: beside the slides, then beside the table.

    Attributes:
        slides: The folder of the slides.
        table: The table.
    """

    slides: Path
    table: Path

    def file_of(
        self, record: Record, column: str, place: str, other_than: Path | None = None
    ) -> tuple[Path, tuple[str, ...]]:
        """The file that a column names.

        Args:
            record: The line.
            column: The column.
            place: Where the line stands, for the errors.
            other_than: A file that cannot be meant where there is another, as a slide is not its own mask.

        Returns:
            The file, and what to say of where it was found.

        Raises:
            SettingError: The column is empty, or there is no such file.
        """
        name = text_of(record, column, place)
        beside = self.table.parent
        found = [path for folder in dict.fromkeys((self.slides, beside)) if (path := _existing(folder, name))]
        if not found:
            where = f"the folder {self.slides}" + (
                f" or {beside}" if beside.resolve() != self.slides.resolve() else ""
            )
            raise SettingError(f"{place}: {name} is not in {where}; correct the name or the folder.")
        if other_than is not None and len(found) == 2:
            found = [path for path in found if not path.samefile(other_than)] or found
        if len(found) == 2 and not found[0].samefile(found[1]):
            text = f"{name} lies in {self.slides} and beside {self.table.name}; the one in {self.slides} is used."
            return found[0], (text,)
        return found[0], ()


def region_of(record: Record, place: str) -> Rect[int] | None:
    """The part of the slide that a line speaks of; None, the whole slide, where the line names none.

    Raises:
        SettingError: x, y, width and height are no rectangle.
    """
    texts = [(record.get(column) or "").strip() for column in REGION]
    if not any(texts):
        return None
    try:
        x, y, width, height = (whole_of(text) for text in texts)
    except AmbiguousNumberError as error:
        raise SettingError(f"{place}: {error}") from None
    except ValueError:
        raise SettingError(
            f"{place}: x, y, width and height must be four whole numbers, or all empty."
        ) from None
    if x < 0 or y < 0 or width < 1 or height < 1:
        raise SettingError(f"{place}: the region must lie inside the slide and have a positive size.")
    return Rect(x, y, width, height)


def _text(table: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a file with `\\n` at the ends of its lines, and what to say of how it was decoded."""
    try:
        if table.stat().st_size > LARGEST_TABLE:
            raise SettingError(
                f"The table {table} is not a table of slides: it is too large; choose another."
            )
        content = table.read_bytes()
    except OSError as error:
        raise SettingError(f"The table {table} cannot be read ({error.strerror}); choose another.") from error
    for start, what in OTHER_KINDS.items():
        if content.startswith(start):
            raise SettingError(f"The table {table} {what}.")
    try:
        text, notes = _decoded(content, table)
    except UnicodeDecodeError as error:
        raise SettingError(f"The table {table} is not a CSV text file ({error}); choose another.") from error
    if strange := CONTROLS.search(text):
        raise SettingError(
            f"The table {table} is not a CSV text file (it holds the control character {ord(strange[0]):#04x}); "
            "choose another."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _decoded(content: bytes, table: Path) -> tuple[str, tuple[str, ...]]:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32"), ()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16"), ()
    # A header in letters of the Latin alphabet has a zero in every second byte.
    if content[1:8:2].strip(b"\0") == b"" and len(content) > 7:
        return content.decode("utf-16-le"), ()
    if content[0:8:2].strip(b"\0") == b"" and len(content) > 7:
        return content.decode("utf-16-be"), ()
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    word = next(word for word in re.split(r"[\s,;|]+", text) if not word.isascii())
    note = (
        f"{table.name} is not UTF-8; it was read as Windows-1252, which gives words such as {word}. If that is wrong, "
        "save it as UTF-8."
    )
    return text, (note,)


def _separator(header: str, required: Sequence[str]) -> str:
    """What stands between the columns: the sign that yields the required ones, else the one that occurs most."""

    def names(separator: str) -> set[str]:
        return {cell.strip().lower() for cell in next(csv.reader([header], delimiter=separator), [])}

    fits = [separator for separator in SEPARATORS if names(separator) >= set(required)]
    return fits[0] if fits else max(SEPARATORS, key=header.count)


def _demand_columns(table: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    for name in required:
        if name not in columns:
            found = ", ".join(columns) or "none"
            raise SettingError(f"The table {table} has no column {name} (it has {found}); add it.")
    for name in (*required, *REGION):
        if columns.count(name) > 1:
            raise SettingError(f"The table {table} has {columns.count(name)} columns {name}; keep one.")


def _record(table: Path, line: int, columns: Sequence[str], row: Sequence[str]) -> Record:
    if any(cell.strip() for cell in row[len(columns) :]):
        raise SettingError(
            f"{table}, line {line}: there are {len(row)} columns, but the header names {len(columns)}; put texts that "
            "hold a separator in quotation marks."
        )
    return dict(zip(columns, [*row, *[""] * (len(columns) - len(row))], strict=False))


def _existing(folder: Path, name: str) -> Path | None:
    """A file of this name, which may be written as on Windows, or with accents composed in another way."""
    spellings = [name, name.replace("\\", "/")]
    spellings += [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    return next((path for each in dict.fromkeys(spellings) if (path := folder / each).exists()), None)
