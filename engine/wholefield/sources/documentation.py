"""The table of formats as Markdown: python -m wholefield.sources.documentation docs/formats.md."""

import sys
from collections.abc import Sequence
from pathlib import Path

from wholefield.sources.format import Format
from wholefield.sources.formats import FORMATS
from wholefield.sources.kinds import Kind
from wholefield.sources.opening import TITLES

HEAD = """# Formats

Made by `python -m wholefield.sources.documentation docs/formats.md`; do not edit. The content of a file decides which
format it has; endings are what names usually end in. Formats that are *written* too can be exported. For some files
something can be chosen, such as a series or a dataset: the window asks, and `--reading` says it on the command line.
"""
COLUMNS = ("Format", "Endings", "What", "Can be chosen", "Written")
UNREAD_HEAD = """## Recognized but not supported

Wholefield names these files and says what to do, instead of calling them damaged.
"""


def documentation(rows: Sequence[Format] = FORMATS) -> str:
    """The table of formats.

    Args:
        rows: The formats, in the order in which they are tried.

    Returns:
        Markdown.
    """
    sections = [f"## {TITLES[kind]}\n\n{_table(COLUMNS, map(_read, _of(rows, kind)))}" for kind in Kind]
    unread = _table(("Format", "Endings", "The file is ..."), map(_unread, _of(rows, None)))
    return "\n".join([HEAD, *sections, f"{UNREAD_HEAD}\n{unread}"])


def _of(rows: Sequence[Format], kind: Kind | None) -> list[Format]:
    return [row for row in rows if row.kind is kind]


def _table(columns: tuple[str, ...], rows: "map[tuple[str, ...]]") -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _read(row: Format) -> tuple[str, ...]:
    return row.name, _endings(row), row.about, "yes" if row.asks else "", "yes" if row.exporter else ""


def _unread(row: Format) -> tuple[str, ...]:
    return row.name, _endings(row), row.about


def _endings(row: Format) -> str:
    return ", ".join(f"`{suffix}`" for suffix in row.suffixes)


def main(arguments: Sequence[str]) -> int:
    """Write the file that is named, or print."""
    if arguments:
        Path(arguments[0]).write_text(documentation(), encoding="utf-8")
    else:
        print(documentation())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
