"""The runs that went on, or ended, while no window was open: each comes back to its workspace."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholefield_app.window.main_window import MainWindow

log = logging.getLogger(__name__)


def take_up_runs(window: "MainWindow", *, show: bool = True) -> None:
    """Follow every run that no window follows any more.

    Args:
        window: The window that does so from now on.
        show: Bring the workspace of the newest one into sight.
    """
    names = [entry.name for entry in window.entries]
    for job, run in window.services.processes.orphans():
        workspace = window.room_of(job.place).workspace if job.place in names else None
        sessions = workspace.sessions if workspace is not None else ()
        session = next((each for each in sessions if each.title == job.title and not each.state.active), None)
        if workspace is None or session is None:
            log.warning("A run (%s) has no place in this window; it comes back at the next start.", job.title)
            continue
        log.info("%s that went on without the window: it is shown again", job.title)
        if show:
            window.go_to(job.place)
        workspace.take_up(session, run, job.opened)
