"""The sentences for files and folders that no row of the table of formats recognizes as what they are opened as."""

from __future__ import annotations

import os
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.format import Format
from wholefield.sources.formats import all_formats
from wholefield.sources.kinds import Kind
from wholefield.sources.signatures import SLICE_SUFFIXES, begins

AS_WHAT = {
    Kind.IMAGE: "a slide or picture",
    Kind.STACK: "a stack",
    Kind.RECORDING: "a recording",
    Kind.MODEL: "a model",
}
WITHOUT = {Kind.IMAGE: "a slide", Kind.STACK: "slices", Kind.RECORDING: "a recording", Kind.MODEL: "a model"}
# The reader of slices says what keeps pictures in a folder from being a stack.
PICTURES = Format(
    "Folder of pictures", Kind.STACK, (), begins(b""), "wholefield.sources.stacks.slices.folder:open_slice_folder"
)  # fmt: skip


def of_another_kind(path: Path, name: str, kind: Kind, wanted: Kind) -> str:
    """The sentence for a file whose format, of this name, is of another kind than is wanted."""
    if kind is Kind.MODEL:
        return of_model(path, name)
    if (kind, wanted) == (Kind.IMAGE, Kind.STACK):
        return f"{path} is a single picture ({name}); open its folder as a stack."
    return f"{path} is {AS_WHAT[kind]} ({name}), not {AS_WHAT[wanted]}; open it as {AS_WHAT[kind]}."


def of_model(path: Path, name: str) -> str:
    """The sentence for a network that is opened where images and recordings are."""
    return (
        f"{path} is a model ({name}), not an image or a recording; open it as a model, or give it where a model is "
        "asked for."
    )


def of_no_format(path: Path, head: bytes, kind: Kind | None) -> str:
    """The sentence for a file that begins with these bytes and has none of the formats."""
    if not any(head):
        return f"{path} begins with zeros only, as files do whose copy was interrupted; copy it again."
    rows = _readable(kind)
    named = [row.name for row in rows if path.name.lower().endswith(row.suffixes)]
    if named:
        return (
            f"{path} is named like {' or '.join(_shortest(named))} and does not begin like it; "
            "it is damaged, or of another format than its name says."
        )
    known = dict.fromkeys(suffix for row in rows for suffix in row.suffixes)
    what = "opened" if kind is None else f"opened as {AS_WHAT[kind]}"
    return f"{path} is of no format that can be {what}; known files end in {', '.join(known)}."


def folder_row(path: Path, kind: Kind | None) -> Format:
    """The row by which a folder is opened that none recognizes: that of pictures, if it has some.

    Raises:
        SourceError: There is nothing in it that could be opened together; the text says what to open instead.
    """
    with os.scandir(path) as entries:
        listed = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    files = [name for name, below in listed if not below]
    if kind in (None, Kind.STACK) and any(name.lower().endswith(SLICE_SUFFIXES) for name in files):
        return PICTURES
    if not listed:
        raise SourceError(f"{path} is an empty folder; choose another.")
    what = "anything that is opened as a whole" if kind is None else WITHOUT[kind]
    known = tuple(suffix for row in _readable(kind) for suffix in row.suffixes)
    such = next((name for name, _ in listed if name.lower().endswith(known)), None)
    below = next((name for name, is_folder in listed if is_folder), None)
    if such is not None:
        step = f"open one of the files in it, such as {such}"
    elif below is not None:
        step = f"open one of the folders in it, such as {below}"
    else:
        step = "no file in it has the name of a format that is read"
    raise SourceError(f"{path} is a folder without {what}; {step}.")


def _readable(kind: Kind | None) -> list[Format]:
    return [row for row in all_formats() if row.kind is not None and kind in (None, row.kind)]


def _shortest(names: list[str]) -> list[str]:
    """Names without those that say another one more closely, as "TIFF stack" does "TIFF"."""
    return [
        name
        for name in dict.fromkeys(names)
        if not any(other != name and f" {other} " in f" {name} " for other in names)
    ]
