"""One row of the table of formats: what a format is called, how its files are recognized, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from wholefield.sources.choices import Question, Reading
from wholefield.sources.kinds import Kind
from wholefield.sources.signatures import Detect, function_named


@dataclass(frozen=True)
class Format:
    """A format of files or folders that is read, or one that is known by name and refused.

    Readers are named, not imported, so that the window opens before any of them is loaded.

    Attributes:
        name: What the format is called.
        kind: What its files are opened as; None for a format that is not read.
        suffixes: How names of such files end, in lower case; for the filters of dialogs. The content decides.
        detect: Whether a path that begins with these bytes (`HEAD_BYTES` at most, none for a folder) has the format.
        opener: `module:function`, called with (path, reading); it returns the open source. Empty where it is not read.
        asks: `module:function`, called with (path, reading); it returns the questions that can be answered for a file.
        exporter: `module:function` that writes the format; for the documentation.
        about: What documentation adds to the name. For a format that is not read, the rest of the sentence
            "scan.lif is ...": what it is, and what to do.
        by_name: Whether any content under such a name may have the format; it is no reason to refuse the file as
            something else.

    Example:
        >>> from wholefield.sources import Format, Kind
        >>> from wholefield.sources.signatures import begins
        >>> Format("VOL", Kind.STACK, (".vol",), begins(b"VOL "), "my_package.vol:open_vol").name
        'VOL'
    """

    name: str
    kind: Kind | None
    suffixes: tuple[str, ...]
    detect: Detect
    opener: str = ""
    asks: str = ""
    exporter: str = ""
    about: str = ""
    by_name: bool = False

    def open(self, path: Path, reading: Reading, **more: Any) -> Any:
        """Open a file of this format.

        Args:
            path: The file or folder.
            reading: What was answered for it.
            more: Arguments that only some readers have, such as `at` of pictures; others do without.

        Raises:
            SourceError: It is damaged, or has something that is not read.
        """
        opener = function_named(self.opener)
        known = signature(opener).parameters
        return opener(path, reading, **{name: value for name, value in more.items() if name in known})

    def questions(self, path: Path, reading: Reading) -> tuple[Question, ...]:
        """What can be chosen for a file of this format.

        Raises:
            SourceError: It cannot be read.
        """
        return tuple(function_named(self.asks)(path, reading)) if self.asks else ()
