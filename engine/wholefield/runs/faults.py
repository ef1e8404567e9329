"""Faults of disks and memory as sentences: what is full, gone or read-only, and what to do."""

import errno
from collections.abc import Iterator
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
GONE = (errno.ENOENT, errno.ESTALE, errno.ENODEV, errno.ENXIO)
# Libraries that write by themselves pass the system's word on as a text, or say only that writing failed.
FULL_WORDS = ("no space left on device", "disk quota exceeded", "not enough space")
TORCH_WRITER = "PytorchStreamWriter"


def sentence_of(error: BaseException, folder: Path) -> str | None:
    """What to say of an error that a disk or the memory has caused; None for any other.

    Args:
        error: The error; those that it was raised from count, too.
        folder: The folder that was written to.
    """
    for each in _chain(error):
        where = getattr(each, "filename", None) or folder
        if is_full(each):
            return f"The disk of {where} is full. Free some space, then go on: what was saved before is kept."
        if isinstance(each, MemoryError) or "out of memory" in str(each).lower():
            return (
                f"There is not enough memory ({_first_line(each)}). Close other programs, or choose a smaller "
                "tile_size, crop or batch_size."
            )
        number = each.errno if isinstance(each, OSError) else None
        if number in READ_ONLY:
            return f"{where} may not be written to ({_reason(each)}); choose another folder, or change its permissions."
        if number in GONE:
            return f"{where} is not there any more ({_reason(each)}); bring it back, then go on."
        if number == errno.EIO:
            return f"{where} cannot be read or written: the disk or the network reports a fault ({_reason(each)})."
    return None


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk is full."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    text = str(error)
    return TORCH_WRITER in text or any(words in text.lower() for words in FULL_WORDS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or _first_line(error)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
