"""Finds DICOM files: in a folder and those below it, as exports of archives nest them, or by a DICOMDIR."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import pydicom

from wholefield.errors import SourceError
from wholefield.sources.dicom_start import is_dicom
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.dicom.headers import DicomFile, read_header
from wholefield.sources.stacks.slices.names import natural_key

MOST_DEEP = 12
MOST_FILES = 200_000
HEAD_BYTES = 512
# Headers wait for disks and networks more than for the processor.
THREADS = 8
DICOMDIR = "DICOMDIR"
State = tuple[Path, int, int]


def files_below(folder: Path, nested: bool = True) -> tuple[list[Path], bool]:
    """The files in a folder and in those below it, in natural order, and whether some were left out.

    Args:
        folder: The folder.
        nested: Whether folders in it count too; links to folders never do.
    """
    found: list[Path] = []
    waiting, complete = [(folder, 0)], True
    while waiting:
        current, depth = waiting.pop()
        inner = []
        with os.scandir(current) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    inner.append(current / entry.name)
                elif entry.is_file():
                    found.append(current / entry.name)
        if nested and depth < MOST_DEEP:
            waiting += [(each, depth + 1) for each in inner]
        elif nested and inner:
            complete = False
        if len(found) > MOST_FILES:
            return sorted(found[:MOST_FILES], key=_natural), False
    return sorted(found, key=_natural), complete


def read_headers(paths: list[Path]) -> tuple[list[DicomFile], list[Path], str]:
    """Headers of the DICOM files among some, in their order; those that cannot be read, and why the first cannot."""
    files, refused, reason = _read_unchanged(tuple(map(_state, paths)))
    return list(files), list(refused), reason


# A folder is looked at for its questions, for a preview and to be opened; its thousands of headers are read once.
@lru_cache(maxsize=1)
def _read_unchanged(states: tuple[State, ...]) -> tuple[tuple[DicomFile, ...], tuple[Path, ...], str]:
    files, refused, reason = [], [], ""
    paths = [path for path, _size, _changed in states]
    with ThreadPoolExecutor(THREADS) as pool:
        for path, found in zip(paths, pool.map(_try, paths), strict=True):
            if isinstance(found, DicomFile):
                files.append(found)
            elif found is not None:
                refused.append(path)
                reason = reason or str(found)
    return tuple(files), tuple(refused), reason


def _state(path: Path) -> State:
    """What tells whether a file has changed."""
    try:
        stat = path.stat()
    except OSError:
        return path, 0, 0
    return path, stat.st_size, stat.st_mtime_ns


def is_directory_file(path: Path) -> bool:
    """Whether a file is a DICOMDIR, which lists others."""
    if path.name.upper().split(".")[0] != DICOMDIR:
        return False
    with path.open("rb") as file:
        return is_dicom(file.read(HEAD_BYTES))


def files_of_directory(path: Path) -> tuple[list[Path], int]:
    """The files that a DICOMDIR lists, as far as they exist below its folder, and how many do not.

    Raises:
        SourceError: It is damaged.
    """
    try:
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
        listed = [_parts(record.get("ReferencedFileID")) for record in records]
    except Exception as error:  # a damaged header raises errors of many kinds
        raise damaged(path, error) from error
    found, missing = [], 0
    for parts in listed:
        if not parts:
            continue
        target = path.parent.joinpath(*parts)
        # A name with .. or a root in it could lead anywhere.
        inside = all(part not in ("", "..") and Path(part).name == part for part in parts)
        if inside and target.is_file():
            found.append(target)
        else:
            missing += 1
    return found, missing


def _parts(value: object) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]  # type: ignore[attr-defined]


def _try(path: Path) -> DicomFile | SourceError | None:
    """A header, the error that says why it cannot be read, or None for a file that is not DICOM."""
    try:
        with path.open("rb") as file:
            if not is_dicom(file.read(HEAD_BYTES)):
                return None
        return read_header(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return SourceError(f"{path} cannot be read ({error}); check the disk it is on.")
    except SourceError as error:
        return error


def _natural(path: Path) -> tuple[object, ...]:
    return tuple(natural_key(part) for part in path.parts)
