"""What a run was made with, so that it can be repeated: versions, machine, and fingerprints of its data."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import wholefield
from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.runs.folder import CONFIG, LOG
from wholefield.runs.paths import inputs_of
from wholefield.runs.settings import RunSettings

PACKAGES = ("wholefield", "torch", "lightning", "numpy", "numba")
BLOCKS, BLOCK = 8, 2**15
"""Of each file up to 8 blocks of 32 KiB, first and last among them, are part of its fingerprint."""
READ_FILES = 256
"""Of so many files of a folder the content counts, of the others name and size."""


@dataclass(frozen=True)
class Provenance:
    """What a run was made with.

    Attributes:
        versions: Of Python and of the packages that decide on results.
        commit: The commit of the program where it runs from a git checkout, with `-dirty` after it where files were
            changed since; otherwise empty.
        system: The machine and its system.
        cores: Its cores: the number of threads follows from them, and the last bits of sums from the threads.
        data: Fingerprints of the files and folders that the settings name, by their absolute paths.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    system: str = ""
    cores: int = 0
    data: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def now(cls, settings: RunSettings) -> Self:
        """That of a run with these settings which begins here and now."""
        found = {"Python": platform.python_version()} | {name: _version(name) for name in PACKAGES}
        data = {str(path): fingerprint(path) for path in inputs_of(settings) if path.exists()}
        return cls(
            found, _commit(), f"{platform.platform()}, {platform.machine()}", os.cpu_count() or 1, data
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """The one in a file.

        Raises:
            SettingError: It is damaged.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SettingError(
                f"{path} cannot be read ({error}); without it only the settings of the run can be repeated."
            ) from error

    def write(self, path: Path) -> None:
        """Write it to a file."""
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def other_data(self, now: "Provenance") -> list[str]:
        """The paths whose content is no longer what it was, or that are gone."""
        return [path for path, mark in self.data.items() if now.data.get(path) != mark]

    def other_conditions(self, now: "Provenance") -> list[str]:
        """What else differs, each in a few words, such as `torch 2.12 (now 2.13)`."""
        then: dict[str, Any] = dict(self.versions) | {"commit": self.commit, "cores": self.cores}
        today: dict[str, Any] = dict(now.versions) | {"commit": now.commit, "cores": now.cores}
        return [
            f"{name} {value or 'none'} (now {today.get(name) or 'none'})"
            for name, value in then.items()
            if value != today.get(name)
        ]


def fingerprint(path: Path) -> str:
    """A quick hash by which a file or folder is known again: of sizes, names, and samples of the content.

    A change between the samples that keeps the size is not seen; files up to 256 KiB are hashed whole.

    Args:
        path: An existing file or folder.

    Returns:
        32 hexadecimal digits.
    """
    found = hashlib.sha256()
    if path.is_dir():
        files = sorted(_data_in(path))
        every = -(-len(files) // READ_FILES) or 1
        for index, file in enumerate(files):
            found.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
            if index % every == 0:
                found.update(fingerprint(file).encode())
    else:
        for block in _samples(path):
            found.update(block)
    return found.hexdigest()[:32]


def _data_in(folder: Path) -> Iterator[Path]:
    """The files in a folder and those beneath it; not those of runs, which may have been made beside the data."""
    for each in folder.iterdir():
        if each.is_file():
            yield each
        elif each.is_dir() and not ((each / CONFIG).is_file() and (each / LOG).is_file()):
            yield from _data_in(each)


def _samples(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        yield str(size).encode()
        if size <= BLOCKS * BLOCK:
            file.seek(0)
            yield file.read()
            return
        for index in range(BLOCKS):
            file.seek((size - BLOCK) * index // (BLOCKS - 1))
            yield file.read(BLOCK)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    """Of the checkout that tracks this very file; a program installed beneath another project has none."""
    home = Path(wholefield.__file__).parent
    if not _git(home, "ls-files", "--error-unmatch", "__init__.py"):
        return ""
    return _git(home, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
