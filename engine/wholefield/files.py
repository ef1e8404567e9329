"""Files and folders that are either whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

if TYPE_CHECKING:
    import numpy.typing as npt

_PIECE = 2**24


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success what was written there replaces `path` in one step.

    Anyone who reads `path` at any moment, also after a crash, finds the old content or the new one. On an error
    the temporary file goes and `path` stays as it was.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
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
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    old = path.with_name(f".{path.name}.{uuid4().hex}.old")
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
