"""Which part of the slide a viewer wants to see predicted, in a file of the run folder. Imports no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wholefield.files import replacing
from wholefield.runs.folder import RunFolder
from wholefield.sources.rect import Rect

VIEW = "view.json"


@dataclass(frozen=True)
class View:
    """What is looked at.

    Attributes:
        box: The part of the slide, in px of level 0.
        downsample: Px of level 0 per px that is shown; finer than that nothing needs to be sent.
    """

    box: Rect[float]
    downsample: float = 1.0


def request_view(folder: RunFolder, view: View | None) -> None:
    """Ask the run of a folder to predict a part of its slide over and over; None asks for none.

    Raises:
        OSError: The folder cannot be written to.
    """
    with replacing(folder.path / VIEW) as temporary:
        text = json.dumps(None if view is None else [*view.box, view.downsample])
        temporary.write_text(text, encoding="utf-8")


class ViewRequests:
    """The newest request in a run folder.

    Attributes:
        view: What is asked for; None where nothing is.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._path = folder.path / VIEW
        self._version = 0
        self.view: View | None = None

    def refresh(self) -> bool:
        """Look for a newer request; returns whether another part is asked for now."""
        before = self.view
        try:
            version = self._path.stat().st_mtime_ns
            if version == self._version:
                return False
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        self._version = version
        self.view = None if values is None else View(Rect(*values[:4]), values[4])
        return self.view != before
