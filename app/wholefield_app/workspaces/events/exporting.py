"""Writes a recording as a video or pictures, and its flow as files, in a session of its own."""

import logging
from functools import partial

from PySide6.QtCore import QObject, Slot

from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.events.export import Exported, export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield_app.document.commands import command_of
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.workspaces.events.exporting_settings import VideoSettings
from wholefield_app.workspaces.events.exporting_video import export_video

Export = VideoSettings | FlowExportSettings

log = logging.getLogger(__name__)


class Exporting(QObject):
    """One export at a time.

    Attributes:
        session: The run.
        result: The newest result.
    """

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=False, parent=self)
        self.result: Exported | None = None
        self.session.failed.connect(services.report)
        self.session.ended.connect(self._tell)

    def start(self, export: Export) -> None:
        """Begin to write; the command that does the same goes into the log."""
        log.info("Exporting: %s", command_of(export))
        self.session.start(partial(run_export, export))

    @Slot(object)
    def _tell(self, result: Exported | None) -> None:
        self.result = result
        if result is not None:
            log.info("Exported %s" if result.complete else "Stopped; what was made is in %s", result.path)


def run_export(export: Export, report: ReportFunction, control: Control) -> Exported:
    """Do it; called in the run's thread. Whoever stops it early keeps what can be used.

    Raises:
        WholefieldError: A setting cannot work, or something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    export.validate()
    if isinstance(export, VideoSettings):
        return export_video(export, report, control)
    return export_flow(export, report, control)
