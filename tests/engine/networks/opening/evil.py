"""Objects and expressions that leave a file behind if anything runs them."""

import os
from pathlib import Path
from typing import Any


def marker(folder: Path) -> str:
    """A Python expression that leaves the file `ran` in a folder."""
    return f"__import__('pathlib').Path({str(folder / 'ran')!r}).touch()"


class Evil:
    """Leaves the file `ran` in a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return os.mkdir, (str(self._folder / "ran"),)
