"""The draft of a training on recordings, filled from the recording that is open."""

from pathlib import Path

from PySide6.QtCore import QObject

from wholefield.tasks.registry import Data, tasks_of
from wholefield_app.forms.draft import Draft


class EventsDraft(Draft):
    """The settings of a training on recordings."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(tasks_of(Data.EVENTS), parent)

    def set_recording(self, path: Path | None, reading: str | None = None) -> None:
        """Train on the recording that is open, read as it is, unless a folder was chosen."""
        chosen = self.value("recordings")
        if chosen is None or not chosen.is_dir():
            self.set(recordings=path, reading=reading)
        self.lie_beside(path)

    def set_filters(self, filters: str | None) -> None:
        """Train on the events that are left, as they are in sight."""
        self.set(filters=filters)
