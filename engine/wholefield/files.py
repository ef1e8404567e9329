"""Files and folders that are either whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

import psutil

if TYPE_CHECKING:
    import numpy.typing as npt

_PIECE = 2**24
PART, OLD, PENDING = ".part", ".old", ".pending.json"
LEFT = re.compile(r"\.(?P<pid>\d+)-[0-9a-f]{32}\.(part|old)$")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a name beside a path for a file or folder that is gone again at the end, unless it was renamed."""
    temporary = _beside(path, PART)
    try:
        yield temporary
    finally:
        _remove(temporary)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success what was written there replaces `path` in one step.

    Anyone who reads `path` at any moment, also after a crash, finds the old content or the new one. On an error
    the temporary file goes and `path` stays as it was.
    """
    temporary = _beside(path, PART)
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Like `replacing` for a folder: give a temporary one beside `path` that takes its place on success.

    A folder cannot be replaced in one step: for a moment between two renames there is none of that name.
    """
    temporary, old = _beside(path, PART), _beside(path, OLD)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def replacing_together(folder: Path, *names: str) -> Iterator[tuple[Path, ...]]:
    """Like `replacing` for several files of a folder that belong together.

    From the moment at which all of them are whole, they are what the folder holds: a kill in the midst of their renames
    is made good by `finish_replacing`. They take their places in the order of the names.

    Args:
        folder: Where they are.
        names: Their names; a temporary path for each is given. One that was not written keeps its old content.
    """
    temporary = tuple(_beside(folder / name, PART) for name in names)
    try:
        yield temporary
        written = {each.name: name for each, name in zip(temporary, names, strict=True) if each.exists()}
        for name in written:
            _to_disk(folder / name)
        with replacing(folder / PENDING) as pending:
            pending.write_text(json.dumps(written), encoding="utf-8")
        finish_replacing(folder)
    finally:
        if not (folder / PENDING).exists():
            for each in temporary:
                each.unlink(missing_ok=True)


def finish_replacing(folder: Path) -> None:
    """Do the renames that a killed `replacing_together` left; only one process may write to the folder."""
    pending = folder / PENDING
    if not pending.exists():
        return
    for temporary, name in json.loads(pending.read_text(encoding="utf-8")).items():
        if (folder / temporary).exists():
            os.replace(folder / temporary, folder / name)
    pending.unlink()


def sweep(folder: Path, name: str = "*") -> None:
    """Remove what processes that have ended left of unfinished files of this name, or a pattern of names."""
    for suffix in (PART, OLD):
        for path in folder.glob(f".{name}.*{suffix}"):
            found = LEFT.search(path.name)
            if found is not None and not psutil.pid_exists(int(found["pid"])):
                _remove(path)


def reserved(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A memory map whose space is taken first: a full disk would end the process at the first touch.

    Raises:
        OSError: There is no room for it.
    """
    # The window opens before numpy is loaded.
    import numpy as np

    kind = np.dtype(dtype)
    with path.open("wb") as file:
        reserve(file, int(np.prod(shape, dtype=np.int64)) * kind.itemsize)
    return np.memmap(path, kind, "r+", shape=shape)


def reserve(file: BinaryIO, size: int) -> None:
    """Give an empty file a size, at least one byte, and take the space of all of it; it reads as zeros.

    Raises:
        OSError: There is no room for it.
    """
    size = max(size, 1)
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, size)
            return
        except OSError as error:
            # Some file systems cannot take space without writing.
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
    nothing = bytes(min(size, _PIECE))
    for start in range(0, size, _PIECE):
        file.write(nothing[: size - start])
    file.flush()


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    """A name beside a path that nobody else uses; it says whose it is, so that `sweep` knows when nobody's."""
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex}{suffix}")
