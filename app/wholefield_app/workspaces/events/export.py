"""The export of a recording: what the window shows as settings, and the work in the thread of a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.events_export_settings import EventsExportSettings
from wholefield.tasks.events.export import export_flow
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.document.export import Written
from wholefield_app.video.frames import Framing, framing_of_view
from wholefield_app.video.settings import VideoSettings, framing_values, style_values
from wholefield_app.video.write import export_video
from wholefield_app.viewer.events.event_view import EventView
from wholefield_app.viewer.events.style import FrameStyle
from wholefield_app.viewer.events.timeline import Span

ExportSettings = VideoSettings | FlowExportSettings | EventsExportSettings


@dataclass(frozen=True)
class Shown:
    """What the window shows.

    Attributes:
        recording: The file.
        duration_us: Its length.
        span: The range that is played.
        speed: How fast it is played.
        size: Of a frame in px of the sensor.
        style: How frames look.
        framing: Where the frame lies in the view.
        flow: Where the flow over the events comes from, or None.
        delta_t: Length of a field of it in us.
        reading: How the file is read, where that was answered.
        filters: Through which its events are seen, as a setting.
    """

    recording: Path
    duration_us: int
    span: Span
    speed: float
    size: tuple[int, int]
    style: FrameStyle
    framing: Framing
    flow: FlowSource | None
    delta_t: int
    reading: str | None = None
    filters: str | None = None

    def end_of(self, end_us: int) -> int | None:
        """An end as a setting: None where it is that of the recording."""
        return None if end_us >= self.duration_us else end_us


def shown_in(
    view: EventView, recording: Recording, delta_t: int, reading: str | None, filters: str | None
) -> Shown:
    """What a view shows.

    Args:
        view: The view; it shows a frame.
        recording: The recording as it is in the file.
        delta_t: Length of a field of flow in us, where the frame has none.
        reading: How the file is read.
        filters: Through which it is seen.
    """
    assert view.frame is not None
    field, player, flow = view.frame.request.field, view.player, view.flow.provider
    length = delta_t if field is None else field.end_us - field.start_us
    return Shown(
        recording.path, recording.duration_us, player.span, player.speed, view.frame.size, view.style_of_frames,
        framing_of_view(view.canvas), flow.source if flow is not None else None, length, reading, filters,
    )  # fmt: skip


def video_of(shown: Shown, out: Path, **changes: Any) -> VideoSettings:
    """The video of what is shown, but for `changes` of settings."""
    values = {
        "start_us": shown.span.start_us,
        "end_us": shown.end_of(shown.span.end_us),
        "speed": shown.speed,
        **style_values(shown.style),
        **flow_values(shown.flow),
    }
    if shown.flow is None:
        del values["show"]
    if not changes.keys() & {"zoom", "size"}:
        values |= framing_values(shown.framing)
    return VideoSettings(
        recording=shown.recording, reading=shown.reading, filters=shown.filters, out=out, **(values | changes)
    )


def events_of(shown: Shown, out: Path, **changes: Any) -> EventsExportSettings:
    """The events of the range that is played, through the filters that are in sight, but for `changes` of settings."""
    values = {"start_us": shown.span.start_us, "end_us": shown.end_of(shown.span.end_us)}
    return EventsExportSettings(
        recording=shown.recording, reading=shown.reading, filters=shown.filters, out=out, **(values | changes)
    )


def flow_values(flow: FlowSource | None) -> dict[str, Any]:
    """Where flow comes from as settings."""
    if flow is None:
        return {}
    return {"flow": flow.path, "span_us": flow.span_us, "device": flow.device}


def run_export(settings: ExportSettings, report: ReportFunction, control: Control) -> Written:
    """Do it. What can be used is kept when it is stopped early.

    Raises:
        WholefieldError: A setting cannot work, or something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    settings.validate()
    if isinstance(settings, VideoSettings):
        found = export_video(settings, report, control)
    elif isinstance(settings, FlowExportSettings):
        found = export_flow(settings, report, control)
    else:
        from wholefield.tasks.events.events_export import export_events

        events = export_events(settings, report, control)
        return Written(events.path, lost=events.lost)
    return Written(found.path, complete=found.complete)
