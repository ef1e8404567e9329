"""Finds the format of a file or folder by the table of formats, reading its first bytes once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wholefield.errors import SourceError, WholefieldError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.format import Format
from wholefield.sources.formats import BARE_VOLUMES, FORMATS, all_formats
from wholefield.sources.kinds import Kind
from wholefield.sources.reading import head_of, readable, reason_of
from wholefield.sources.refusals import folder_row, of_another_kind, of_model, of_no_format

SIZE_AND_TYPE = {"size", "type"}
HEAD_BYTES = 16384


def kind_of(path: str | Path) -> Kind | None:
    """What a file or folder holds.

    It reads a few kB: a TIFF is a stack if it has several equal pages and no pyramid, an OME-Zarr if it is more
    than one plane deep, DICOM unless it is a slide, a folder if it holds DICOM or slices of one size; HDF5 is a
    recording if it has events where cameras put them, and a stack otherwise.

    Args:
        path: The file or folder.

    Returns:
        Its kind; None where it is nothing we know, or cannot be read.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import kind_of
        >>> tifffile.imwrite("scan.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
        >>> kind_of("scan.tif")
        <Kind.STACK: 'stack'>
    """
    found = format_of(path)
    return None if found is None else found.kind


def kinds_of(path: str | Path) -> tuple[Kind, ...]:
    """All that a file or folder can be opened as, the likeliest first; nothing where it is nothing we know.

    Args:
        path: The file or folder.

    Returns:
        Kinds, each once.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import kinds_of
        >>> tifffile.imwrite("slice.tif", np.zeros((40, 30), np.uint16))
        >>> [str(kind) for kind in kinds_of("slice.tif")]
        ['image', 'stack']
    """
    try:
        kinds: dict[Kind, None] = {}
        for row in _fitting(Path(path), _head(Path(path))):
            if row.kind is None:
                break
            kinds[row.kind] = None
    except (OSError, SourceError):
        return ()
    return tuple(kinds)


def format_of(path: str | Path) -> Format | None:
    """The format of a file or folder, be it read or only known.

    Args:
        path: The file or folder.

    Returns:
        Its row of the table; None where it is nothing we know, or cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import format_of
        >>> _ = Path("paper.pdf").write_bytes(b"%PDF-1.7 ...")
        >>> format_of("paper.pdf").name
        'PDF'
    """
    path = Path(path)
    try:
        return next(_fitting(path, _head(path)), None)
    except (OSError, SourceError):
        return None


def suffixes_of(kind: Kind) -> tuple[str, ...]:
    """How names of files of one kind end.

    Args:
        kind: The kind.

    Returns:
        Endings with their dots, in lower case, each once.

    Example:
        >>> from wholefield.sources import Kind, suffixes_of
        >>> ".aedat4" in suffixes_of(Kind.RECORDING)
        True
    """
    return tuple(
        dict.fromkeys(suffix for row in all_formats() if row.kind is kind for suffix in row.suffixes)
    )


def questions_of(
    path: str | Path, reading: Reading | str | None = None, kind: Kind | None = None
) -> tuple[Question, ...]:
    """What can be chosen when a file is opened, such as a series, a dataset or the order of columns.

    Args:
        path: The file or folder.
        reading: What has been answered already.
        kind: What it is opened as; what `kind_of` says when None.

    Returns:
        The questions; nothing where the file leaves nothing open.

    Raises:
        SourceError: It cannot be read.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.sources import questions_of
        >>> with h5py.File("scan.h5", "w") as file:
        ...     file["data"], file["flat"] = np.zeros((5, 40, 30), np.uint16), np.zeros((2, 40, 30), np.uint16)
        >>> question = questions_of("scan.h5")[0]
        >>> question.name, [answer.value for answer in question.answers]
        ('dataset', ['data', 'flat'])
    """
    path = Path(path)
    with readable(path):
        answers = Reading.parse(reading)
        return _row(path, kind, answers).questions(path, answers)


def open_as(kind: Kind | None, path: str | Path, reading: Reading | str | None = None, **more: Any) -> Any:
    """Open a path by the first format of a kind, or of any, that fits.

    Args:
        kind: What it is to be opened as; None for what it is.
        path: The file or folder.
        reading: Answers to what the file leaves open.
        more: Arguments that only some readers have.

    Returns:
        The open source.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.
    """
    path, answers = Path(path), Reading.parse(reading)
    with readable(path):
        row = _row(path, kind, answers)
        try:
            return row.open(path, answers, **more)
        except (WholefieldError, OSError):
            raise
        except Exception as error:
            if row in FORMATS:
                raise
            raise SourceError(
                f"{path} cannot be opened: the reader of {row.name} failed, which another package adds "
                f"({type(error).__name__}: {reason_of(error)}); report it to the authors of that package."
            ) from error


def _head(path: Path) -> bytes:
    """The first bytes of a file; none for a folder.

    Raises:
        SourceError: The file is empty.
        OSError: It cannot be read.
    """
    return b"" if path.is_dir() else head_of(path, HEAD_BYTES)


def _fitting(path: Path, head: bytes) -> Iterator[Format]:
    """The formats that a path has by its first bytes, those that look closest first."""
    return (row for row in all_formats() if row.detect(path, head))


def _row(path: Path, kind: Kind | None, answers: Reading) -> Format:
    """The format to open a path by, as a kind or as what it is; numbers of a told size and type may be in any file.

    Raises:
        SourceError: There is none; the text says what the path is, if that is known.
        OSError: It cannot be read.
    """
    head, other = _head(path), None
    for row in _fitting(path, head):
        if kind is None and row.kind is Kind.MODEL:
            raise SourceError(of_model(path, row.name))
        if row.kind is not None and kind in (None, row.kind):
            return row
        if row.kind is None and other is None:
            raise SourceError(f"{path} is {row.about}.")
        other = other or (None if row.by_name else row)
    told = head and set(answers) >= SIZE_AND_TYPE
    if told and (kind is Kind.STACK or (kind is None and other is None)):
        return BARE_VOLUMES[0]
    if other is not None and other.kind is not None and kind is not None:
        raise SourceError(of_another_kind(path, other.name, other.kind, kind))
    if not head:
        return folder_row(path, kind)
    raise SourceError(of_no_format(path, head, kind))
