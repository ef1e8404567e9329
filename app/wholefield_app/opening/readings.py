"""How the files of this session were read: the answers that were given for them, by path."""

from dataclasses import dataclass
from pathlib import Path

from wholefield.sources.choices import Reading


@dataclass(frozen=True)
class _Kept:
    reading: Reading
    stamp: tuple[int, int] | None


class Readings:
    """Remembers how files are read while the window is open; one that was written anew is asked about again."""

    def __init__(self) -> None:
        self._kept: dict[Path, _Kept] = {}

    def of(self, path: Path) -> Reading | None:
        """How a file was read; None where it was not, or where it is another file by now."""
        kept = self._kept.get(path.absolute())
        return kept.reading if kept is not None and kept.stamp == _stamp(path) else None

    def text_of(self, path: Path | None) -> str:
        """The reading as settings and command lines have it; empty where nothing was answered."""
        reading = self.of(path) if path is not None else None
        return str(reading) if reading is not None else ""

    def keep(self, path: Path, reading: Reading) -> None:
        """Remember how a file is read."""
        self._kept[path.absolute()] = _Kept(reading, _stamp(path))


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written anew; None for folders, whose files may change one by one."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return (facts.st_size, facts.st_mtime_ns) if path.is_file() else None
