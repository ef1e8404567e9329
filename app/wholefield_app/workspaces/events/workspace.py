"""The events workspace: what recordings have beyond what all workspaces have in common."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot

from wholefield.errors import SettingError
from wholefield.runs.reports import PreviewReady
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.events.settings import FlowPredictSettings
from wholefield.tasks.events.shipped import TITLES, shipped_model
from wholefield_app.actions import Action, Registry
from wholefield_app.actions.action import Availability, requires
from wholefield_app.document import actions
from wholefield_app.document.commands import command_of
from wholefield_app.document.document import Role
from wholefield_app.document.document_workspace import BOTTOM, LEFT, RIGHT, DocumentWorkspace
from wholefield_app.document.export import Export
from wholefield_app.document.hooks import Canvas
from wholefield_app.document.workspace import Panel
from wholefield_app.panels.event_facts_panel import EventFactsPanel
from wholefield_app.panels.event_style_panel import EventStylePanel
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.runs.models import TrainedModel
from wholefield_app.services import Services
from wholefield_app.video.settings import Pictures
from wholefield_app.viewer.events.event_view import NO_RATE, EventView
from wholefield_app.viewer.events.frame_view import PixelReadout
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.viewer.events.style import FrameStyle
from wholefield_app.workspaces import EVENTS
from wholefield_app.workspaces.events.actions import (
    display_actions,
    export_events_action,
    flow_file_actions,
    playing_actions,
    range_actions,
    region_actions,
    score_actions,
)
from wholefield_app.workspaces.events.document import RecordingDocument, describe_recording
from wholefield_app.workspaces.events.draft import EventsDraft
from wholefield_app.workspaces.events.export import (
    ExportSettings,
    Shown,
    events_of,
    run_export,
    shown_in,
    video_of,
)
from wholefield_app.workspaces.events.export_dialog import ExportDialog, ExportKind
from wholefield_app.workspaces.events.filter_link import FilterLink
from wholefield_app.workspaces.events.filtering import Filtering
from wholefield_app.workspaces.events.filters_panel import FiltersPanel
from wholefield_app.workspaces.events.flow_opening import FlowOpening
from wholefield_app.workspaces.events.flow_panel import FlowPanel
from wholefield_app.workspaces.events.opening import tell_cold, tell_warm, warm_up
from wholefield_app.workspaces.events.preview import EMPTY, draw_flow_preview
from wholefield_app.workspaces.events.score import Moment, ScoreSession, settings_of
from wholefield_app.workspaces.events.words import WORDS, describe_pixel

if TYPE_CHECKING:
    from wholefield_resources.demo.events import EventDemo

PREVIEW = "events.preview"
FLOW = "events.flow"
STYLE_KEY = "events/style"
COUNTING = "Counting the events: {share:.0%}"


class EventsWorkspace(DocumentWorkspace):
    """Look at recordings, play them, train on them, see and evaluate flow over them.

    Attributes:
        score: The evaluation of the flow.
        flow: Opens the flow over the recording.
    """

    entry = EVENTS
    words = WORDS
    predict_task = FlowPredictSettings.task
    settings_key = "events/training"
    log_behind = PREVIEW

    document: RecordingDocument
    draft: EventsDraft
    view: EventView
    prediction_panel: FlowPanel

    def __init__(self, services: Services) -> None:
        document, view = RecordingDocument(services), EventView(services.themes.theme)
        super().__init__(services, document, view, EventsDraft(), make_demo, Export("Finishing the file"))
        self.score = ScoreSession(self)
        self.filtering = Filtering(services.background, self)
        self.filter_link = FilterLink(self.filtering, self.view, self.draft, self)
        self.flow = FlowOpening(self)
        services.background.run(warm_up, then=tell_warm, failed=tell_cold)

    @property
    def canvas(self) -> Canvas:
        """The frame."""
        return self.view.canvas

    @property
    def own_sessions(self) -> tuple[RunSession, ...]:
        """The evaluation."""
        return (self.score,)

    @property
    def shipped(self) -> tuple[TrainedModel, ...]:
        """Flow for any recording: without a network, and by networks that ship."""
        return tuple(TrainedModel(shipped_model(name), title) for name, title in TITLES.items())

    @property
    def quiet(self) -> bool:
        """Whether files, frames and flow are all there, and nothing plays."""
        return super().quiet and not self.view.busy and not self.filtering.busy

    def actions(self) -> list[Action]:
        """What a user can do with recordings."""
        is_open, view = actions.is_open(self), self.view
        return [
            *actions.opening_actions(self), *flow_file_actions(is_open, view, self.flow.ask, self.flow.close),
            export_events_action(self.can_export, self.ask_to_export_events, self.export_events_command),
            *actions.file_actions(self), *actions.zoom_actions(self), *display_actions(view),
            *region_actions(is_open, view, self.filtering), *range_actions(is_open, view),
            *playing_actions(is_open, view), *actions.training_actions(self), actions.predict_action(self),
            *score_actions(view, self.score, self.evaluate, self.score_command),
        ]  # fmt: skip

    def panels(self, registry: Registry) -> list[Panel]:
        """Facts and style on the left, training, flow and curves on the right, the preview below."""
        self.facts_panel = EventFactsPanel()
        self.style_panel = EventStylePanel(registry)
        self.filters_panel = FiltersPanel(self.filtering, registry, self._services.themes.theme)
        assert self.preview_panel is not None
        return [
            Panel("events.facts", "Recording", self.facts_panel, LEFT, 230),
            Panel("events.style", "View", self.style_panel, LEFT, 420),
            Panel(
                "events.filters", "Filters", scrolling(self.filters_panel), LEFT, 420, tab_of="events.style"
            ),
            Panel("events.training", "Training", self.training_panel, RIGHT, 480),
            Panel(FLOW, "Flow", scrolling(self.prediction_panel), RIGHT, 480, tab_of="events.training"),
            Panel("events.curves", "Curves", self.curves_panel, RIGHT, 340),
            Panel(PREVIEW, "Preview", self.preview_panel, BOTTOM, 220),
        ]

    def make_preview_panel(self) -> PreviewPanel:
        """A moment of the recording."""
        services = self._services
        return PreviewPanel(
            services.background, services.themes.theme, PreviewReady, draw_flow_preview, EMPTY
        )

    def make_prediction_panel(self, registry: Registry) -> FlowPanel:
        """The network, the score card and the export."""
        return FlowPanel(self.export, self.score, registry, self._services.themes.theme)

    def connect_own(self) -> None:
        """Connect frames, flow and event rate."""
        document, view = self.document, self.view
        self.follow_theme(view)
        document.replaced.connect(view.release)
        document.indexing.connect(self._show_indexing)
        document.indexed.connect(self._show_rate)
        view.problem.connect(self._services.report)
        self.follow_theme(self.filters_panel)
        self.filtering.failed.connect(self._services.report)
        self.filtering.applied.connect(self.score.discard)
        self.filter_link.changed.connect(self.changed)
        self.filter_link.flow_wanted.connect(self.flow.open)
        self.filters_panel.problem_told.connect(self._report_sentence)
        view.style_changed.connect(self._follow_style)
        view.flow.provider_changed.connect(self._follow_flow)
        view.player.changed.connect(self.changed)
        view.shown.connect(self._show_zoom)
        view.moved.connect(self._show_zoom)
        view.hovered.connect(self._show_pixel)
        self.style_panel.changed.connect(view.set_style)
        view.set_style(FrameStyle.from_json(self._services.settings.json(STYLE_KEY) or {}))

    def follow_document(self, role: Role) -> None:
        """Show another recording, or none."""
        del role
        self.score.discard()
        found = self.document.input
        self.filter_link.begin(found.recording if found is not None else None)
        if found is None:
            self.view.show_recording(None)
        else:
            self.view.show_recording(found.recording, found.accumulation_us)
            self.draft.set_recording(found.recording.path, self.document.reading_setting)
        self._show_facts()
        self._show_zoom()
        self.flow.open_first()

    def take_demo(self, demo: "EventDemo") -> None:
        """Open the demo recording; its exact flow follows."""
        self.flow.next = demo.recording, demo.labels
        self.open(demo.recording)

    def predict_settings(self) -> FlowPredictSettings | None:
        """The settings that write the flow of the open recording."""
        path, checkpoint = self.document.path, self.prediction_panel.checkpoint
        if path is None or checkpoint is None:
            return None
        return FlowPredictSettings(
            recording=path,
            reading=self.document.reading_setting,
            filters=self.filtering.setting,
            checkpoint=checkpoint,
        )

    def can_predict(self) -> Availability:
        """Whether a recording is open and a model chosen."""
        return actions.can_predict(self)

    def predict(self) -> None:
        """Let the chosen network find the flow over the open recording."""
        recording, settings = self.filtering.recording, self.predict_settings()
        if recording is not None and settings is not None:
            source = FlowSource(settings.checkpoint, device=self.draft.value("device"))
            self.flow.show(source.open(recording))
            self.panel_wanted.emit(FLOW, True)

    def evaluate(self) -> None:
        """Evaluate the flow in the window that is chosen in the panel."""
        try:
            settings = self._score_settings()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        if settings is not None:
            self.panel_wanted.emit(FLOW, True)
            self.score.begin(settings)

    def score_command(self) -> str | None:
        """The command line that evaluates the flow in the window that is chosen in the panel."""
        try:
            settings = self._score_settings()
        except SettingError:
            return None
        return command_of(settings) if settings is not None else None

    def can_export(self) -> Availability:
        """Whether a recording is open, and no export is running."""
        return requires(
            (self.document.input is not None, self.words.open_first),
            (not self.export.state.active, "An export is already running."),
        )

    def ask_to_export(self) -> None:
        """Let the user set up an export, and begin it."""
        self._ask_to_export(ExportKind.VIDEO)

    def ask_to_export_events(self) -> None:
        """Let the user set up an export of events, and begin it."""
        self._ask_to_export(ExportKind.EVENTS)

    def _ask_to_export(self, kind: ExportKind) -> None:
        from wholefield.export.video import video_format

        if (shown := self._shown()) is None:
            return
        folder = self._services.settings.last_folder
        dialog = ExportDialog(shown, video_format(), folder, self.central, kind)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(self.export_as)
        dialog.open()

    @Slot(object)
    def export_as(self, settings: ExportSettings) -> None:
        """Begin an export."""
        self.export.begin(partial(run_export, settings), command_of(settings))

    def cancel_export(self) -> None:
        """Cancel the current export; the part of a video written so far stays playable."""
        self.export.stop_and_keep()

    def export_command(self) -> str | None:
        """The command line that makes a video of what the window shows."""
        if (shown := self._shown()) is None:
            return None
        return command_of(video_of(shown, Path(f"{shown.recording.stem}.mp4")))

    def export_events_command(self) -> str | None:
        """The command line that writes the events of the range, through the filters."""
        if (shown := self._shown()) is None:
            return None
        return command_of(events_of(shown, Path(f"{shown.recording.stem}_cut.raw")))

    def picture_command(self) -> str | None:
        """The command line that writes the frame that is shown as a picture."""
        if (shown := self._shown()) is None:
            return None
        time_us = self.view.player.time_us
        frame = {"what": Pictures.FRAMES, "start_us": time_us, "end_us": time_us + 1, "speed": 1.0}
        return command_of(video_of(shown, Path(f"{shown.recording.stem}_frames"), **frame))

    def close(self) -> None:
        """Release files and threads."""
        self._services.settings.set_json(STYLE_KEY, self.view.style_of_frames.to_json())
        super().close()

    def _shown(self) -> Shown | None:
        document, view = self.document, self.view
        if document.recording is None or view.frame is None:
            return None
        delta_t = self.draft.value("delta_t")
        return shown_in(view, document.recording, delta_t, document.reading_setting, self.filtering.setting)

    def _score_settings(self) -> ScoreSettings | None:
        view, path, flow = self.view, self.document.path, self.view.flow.provider
        if path is None or flow is None:
            return None
        moment = Moment(view.player.time_us, view.style_of_frames.accumulation_us, view.player.chosen)
        settings = settings_of(path, flow.source, self.prediction_panel.window_to_score, moment)
        return replace(settings, reading=self.document.reading_setting, filters=self.filtering.setting)

    def _show_facts(self) -> None:
        recording = self.document.recording
        self.notice.show_sentences(self.document.warnings)
        rows = [] if recording is None else describe_recording(recording, indexed=recording.indexed)
        self.facts_panel.show_facts(rows)

    @Slot(float)
    def _show_indexing(self, share: float) -> None:
        self.facts_panel.show_progress(share)
        self.view.show_rate(NO_RATE, COUNTING.format(share=share))

    @Slot(object)
    def _show_rate(self, rate: Rate) -> None:
        self.filter_link.show_rate(rate)
        self._show_facts()

    @Slot(str)
    def _report_sentence(self, sentence: str) -> None:
        self._services.report(Problem(sentence))

    @Slot(object)
    def _follow_style(self, style: FrameStyle) -> None:
        self.style_panel.show_style(style)
        self.changed.emit()

    @Slot()
    def _follow_flow(self) -> None:
        provider = self.view.flow.provider
        name = provider.name if provider is not None else ""
        self.score.discard()
        self.style_panel.show_flow_source(name)
        self.prediction_panel.show_provider(name)
        self.changed.emit()

    @Slot(object)
    def _show_pixel(self, readout: PixelReadout | None) -> None:
        self.readout.show_cursor(describe_pixel(readout) if readout is not None else "")

    @Slot()
    def _show_zoom(self) -> None:
        self.readout.show_zoom(f"{self.view.canvas.scale:.0%}" if self.view.frame is not None else "")


def make_demo(progress: Callable[[int, int], None]) -> "EventDemo":
    """Make the demo recording in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.events import make_event_demo

    return make_event_demo(progress=progress)
