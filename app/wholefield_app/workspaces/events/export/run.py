"""Writes a recording as a video or pictures, or its flow as files; in the thread of a run."""

from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.events.export import export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield_app.document.export import Written
from wholefield_app.workspaces.events.export.settings import VideoSettings
from wholefield_app.workspaces.events.export.video import export_video

ExportSettings = VideoSettings | FlowExportSettings


def run_export(settings: ExportSettings, report: ReportFunction, control: Control) -> Written:
    """Do it. What can be used is kept when it is stopped early.

    Raises:
        WholefieldError: A setting cannot work, or something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    settings.validate()
    if isinstance(settings, VideoSettings):
        found = export_video(settings, report, control)
    else:
        found = export_flow(settings, report, control)
    return Written(found.path, complete=found.complete)
