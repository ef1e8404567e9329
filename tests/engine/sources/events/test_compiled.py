"""Compiling works where nothing can be kept on disk."""

import numba
import pytest

from engine.sources.events.compiled import compiled


def test_without_a_place_for_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_now = numba.njit

    def njit(cache: bool = False, nogil: bool = False):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_now(nogil=nogil)

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(lambda a: a + 1)(2) == 3
