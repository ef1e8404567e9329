"""The lines before the data of AEDAT 1 to 3: `#` and text, up to the first line that is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wholefield.sources.events.sensors import size_from

# jAER keeps all its preferences in the header.
LARGEST_HEADER = 1 << 23
END = "!END-HEADER"
VERSION = "!AER-DAT"


@dataclass(frozen=True)
class AedatLines:
    """The lines of a header.

    Attributes:
        lines: Their text behind the `#`.
        size: Bytes they take.
    """

    lines: tuple[str, ...]
    size: int

    @property
    def version(self) -> str:
        """Such as "2.0"; files without that line are of version 1.0."""
        first = self.lines[0] if self.lines else ""
        return first.removeprefix(VERSION).strip() if first.startswith(VERSION) else "1.0"

    def after(self, key: str) -> str:
        """The rest of the first line that begins with a key and a colon, whatever its case, or ''."""
        for line in self.lines:
            before, colon, rest = line.strip().partition(":")
            if colon and before.strip().lower() == key:
                return rest.strip()
        return ""


def read_lines(path: Path) -> AedatLines:
    """Read the header; a line of bytes that are no text belongs to the data, which may begin with a `#` too."""
    with path.open("rb") as file:
        head = file.read(LARGEST_HEADER)
    lines: list[str] = []
    position = 0
    while head.startswith(b"#", position):
        stop = head.find(b"\n", position)
        line = head[position + 1 : stop].rstrip(b"\r")
        if stop < 0 or any(byte < 32 and byte != 9 for byte in line):
            break
        position = stop + 1
        lines.append(line.decode("utf-8", errors="replace"))
        if lines[-1].strip() == END:
            break
    return AedatLines(tuple(lines), position)


def camera_size(name: str) -> tuple[int, int] | None:
    """(width, height) in px of a camera of that name, or None."""
    return size_from({"source": name}) if name else None
