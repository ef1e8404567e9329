"""Functions that numba compiles, kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function on its first call, without the GIL.

    The machine code is kept beside the source file, or in the user's cache folder where that is read-only, so
    that only the first call ever waits. Where neither can be written numba refuses to cache, and every process
    compiles again.
    """
    return _compiled(function)


def compiled_sum(function: Function) -> Function:
    """Compile a function whose additions may take any order, so that they become vector instructions."""
    return _compiled(function, fastmath={"reassoc", "nsz"})


def _compiled(function: Function, **options: Any) -> Function:
    try:
        return numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:
        return numba.njit(nogil=True, **options)(function)
