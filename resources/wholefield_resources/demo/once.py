"""Demo data on the user's disk: made once, on the first start, and found again afterwards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from wholefield.errors import SourceError
from wholefield.files import replacing

APPLICATION = "Wholefield"
OLD_APPLICATION = "Tessera"
COMPLETE_NAME = "complete.json"


def user_folder(name: str) -> Path:
    """A folder among the data that the application keeps for the user.

    Data kept under the application's old name are taken over, once.
    """
    new, old = (
        Path(platformdirs.user_data_dir(it, appauthor=False)) for it in (APPLICATION, OLD_APPLICATION)
    )
    take_over(old, new)
    return new / name


def take_over(old: Path, new: Path) -> None:
    """Give a folder its new name, unless there is one of that name already.

    Where the system refuses, everything stays where it is, and demo data are made again.
    """
    with contextlib.suppress(OSError):
        if old.is_dir() and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)


@dataclass(frozen=True)
class Once:
    """Files in a folder and what decides their content. Whatever else lies there, such as runs, stays as it is.

    Attributes:
        what: What the user knows it as, such as "demo stack".
        folder: The folder.
        files: What is made in it.
        version: Counts up when the same settings come to mean other files.
        settings: A dataclass of plain values.
    """

    what: str
    folder: Path
    files: tuple[Path, ...]
    version: int
    settings: Any

    @property
    def is_complete(self) -> bool:
        """Whether every file is there and was made with these settings."""
        try:
            made = json.loads((self.folder / COMPLETE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return made == json.loads(self._fingerprint) and all(file.is_file() for file in self.files)

    def ensure(self, make: Callable[[], object]) -> None:
        """Have `make` write the files unless they are complete; a start that was interrupted is repeated.

        Raises:
            SourceError: The folder cannot be written to.
        """
        if self.is_complete:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            make()
            with replacing(self.folder / COMPLETE_NAME) as temporary:
                temporary.write_text(self._fingerprint, encoding="utf-8")
        except InterruptedError:
            raise
        except OSError as error:
            raise SourceError(
                f"The {self.what} cannot be written to {self.folder} ({error.strerror or error}); make room there, "
                "or allow writing to it."
            ) from error

    @property
    def _fingerprint(self) -> str:
        return json.dumps({"version": self.version, **asdict(self.settings)})
