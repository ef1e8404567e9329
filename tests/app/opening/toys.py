"""As if a package were installed that brings a format along."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.app.opening.toy import TOY
from wholefield.sources import Format, formats


class EntryPoint:
    """The entry point of a package that brings a format along."""

    value = "toybox:TOY"

    def load(self) -> Format:
        return TOY


def toy_entry_points(group: str) -> list[EntryPoint]:
    return [EntryPoint()] if group == formats.ENTRY_POINTS else []


@pytest.fixture
def toy_format(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy format is in the table."""
    monkeypatch.setattr(formats, "entry_points", toy_entry_points)
    formats.all_formats.cache_clear()
    yield
    formats.all_formats.cache_clear()


@pytest.fixture
def toy(tmp_path: Path, toy_format: None) -> Path:
    """A file of 2 x 3 x 4 voxels of 16 bits."""
    path = tmp_path / "scan.toy"
    path.write_bytes(np.arange(24, dtype=np.uint16).tobytes())
    return path
