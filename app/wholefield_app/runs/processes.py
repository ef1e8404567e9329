"""Which runs have a process of their own, and those that outlived the window that started them."""

import logging
from pathlib import Path

import platformdirs

from wholefield.runs.own_process.channel import Channel, Job
from wholefield.runs.own_process.supervisor import OwnProcess
from wholefield_app.runs.worker import Work
from wholefield_app.settings import Settings

log = logging.getLogger(__name__)


class Processes:
    """Gives runs a process of their own where the user wants it.

    Attributes:
        folder: Where windows and runs find each other.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = Path(platformdirs.user_state_dir("Wholefield", appauthor=False)) / "runs"

    def place(self, job: Job) -> Work:
        """The work of a job, done where the user wants it: in a process of its own, or in the window's."""
        return OwnProcess(job, self.folder) if self._settings.own_process else job.work

    def orphans(self) -> list[tuple[Job, OwnProcess]]:
        """The runs that no window follows any more, still in progress or not."""
        found = []
        for channel in Channel.orphans(self.folder):
            try:
                found.append((channel.job, OwnProcess(None, channel.folder)))
            except Exception as error:  # another version of the program wrote it
                log.warning("A run in %s was left behind and cannot be followed: %s", channel.folder, error)
        return found
