"""The memory that the C library keeps of what was freed."""

import contextlib
import ctypes
from collections.abc import Iterator

_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 2**20
# What glibc's own choice of the threshold may grow to; a threshold that was once set no longer moves.
_LARGEST_THRESHOLD = 2**25


def give_back_freed_memory() -> None:
    """Hand freed memory back to the system, where the C library is one that keeps it (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def large_blocks_given_back() -> Iterator[None]:
    """Hand blocks of a megabyte and more back as soon as they are freed, where the C library is glibc.

    Otherwise tiles of changing sizes leave holes that add up to several tiles.
    """
    _set_threshold(_LARGE_BLOCK)
    try:
        yield
    finally:
        _set_threshold(_LARGEST_THRESHOLD)


def _set_threshold(size: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, size)
