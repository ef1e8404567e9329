"""Compiling works where nothing can be kept on disk."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from wholefield.kernels import compiled as module


def test_without_a_place_for_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def njit(cache: bool = False, nogil: bool = False) -> Callable[..., Any]:
        assert nogil
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    # Only this module's numba: the library itself keeps what it compiles on the way.
    monkeypatch.setattr(module, "numba", SimpleNamespace(njit=njit))
    assert module.compiled(lambda a: a + 1)(2) == 3
    assert asked == [True, False]
