"""What the events workspace does with networks: it trains them, shows, judges and exports their flow."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from wholefield.errors import SettingError, WholefieldError
from wholefield.runs.reports import FlowPreviewReady
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.events.settings import FlowPredictSettings, FlowSettings
from wholefield_app.actions import Registry
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.document.commands import command_of
from wholefield_app.document.training import Training
from wholefield_app.document.workspace import Panel
from wholefield_app.forms.form import SettingsForm
from wholefield_app.panels.curve_data import Quality
from wholefield_app.panels.curves_panel import CurvesPanel
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.panels.training_panel import TrainingPanel
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.services import Services
from wholefield_app.workspaces.events.exporting import Exporting
from wholefield_app.workspaces.events.exporting_dialog import ExportDialog
from wholefield_app.workspaces.events.exporting_frames import framing_of_view
from wholefield_app.workspaces.events.exporting_settings import Pictures
from wholefield_app.workspaces.events.exporting_shown import Shown, video_of
from wholefield_app.workspaces.events.judging import Judging, Moment, config_of
from wholefield_app.workspaces.events.prediction_panel import FlowPanel
from wholefield_app.workspaces.events.training_checkpoints import list_flow_checkpoints
from wholefield_app.workspaces.events.training_form import EventsDraft
from wholefield_app.workspaces.events.training_preview import EMPTY, draw_flow_preview

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.workspace import EventsWorkspace

RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
TRAINING_KEY = "events/training"
PREVIEW = "events.preview"
FLOW = "events.flow"
FINISHING = "Export: finishing the file"
QUALITIES = (Quality("validation_aee", "AEE, px"),)

log = logging.getLogger(__name__)


class FlowWork(QObject):
    """Joins training, flow of a checkpoint, score card and export with their panels.

    Attributes:
        training: The training.
        exporting: The export.
        judging: The score card.
    """

    def __init__(self, space: "EventsWorkspace", services: Services, activity: Activity) -> None:
        super().__init__(space)
        self._space = space
        self._services = services
        self._activity = activity
        self.draft = EventsDraft(self)
        self.training = Training(self)
        self.exporting = Exporting(services, self)
        self.judging = Judging(services, self)

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """Training, export and score card."""
        return self.training.session, self.exporting.session, self.judging.session

    @property
    def busy(self) -> bool:
        """Whether a preview is still to come."""
        return self.preview_panel.busy

    @property
    def recording(self) -> Recording | None:
        """The open recording."""
        return self._space.desk.recording

    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels."""
        services, theme = self._services, self._services.themes.theme
        self.form = SettingsForm(self.draft, theme)
        self.training_panel = TrainingPanel("events", self.form, self.training.session, registry, theme)
        self.curves_panel = CurvesPanel(theme, QUALITIES)
        self.preview_panel = PreviewPanel(
            services.background, theme, FlowPreviewReady, draw_flow_preview, EMPTY
        )
        self.flow_panel = FlowPanel(self.exporting.session, self.judging.session, registry, theme)
        self._connect()
        self._recall_settings()
        return [
            Panel("events.training", "Training", self.training_panel, RIGHT, 480),
            Panel(FLOW, "Flow", scrolling(self.flow_panel), RIGHT, 480, tab_of="events.training"),
            Panel("events.curves", "Curves", self.curves_panel, RIGHT, 340),
            Panel(PREVIEW, "Preview", self.preview_panel, BOTTOM, 220, shown=False),
        ]

    def close(self) -> None:
        """Draw no more."""
        self.curves_panel.stop()
        self.preview_panel.stop()

    def start_training(self) -> None:
        """Train with the settings of the form; a setting that cannot work is said in the banner."""
        try:
            config = self.draft.settings()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        self._services.settings.set_json(TRAINING_KEY, config.to_json())
        self._space.panel_wanted.emit(PREVIEW, True)
        self.training.start(config, self.draft.runs, f"{config.network} on {config.recordings.name}")

    def train_command(self) -> str | None:
        """The command line that trains with the settings of the form."""
        try:
            return command_of(self.draft.settings())
        except WholefieldError:
            return None

    def show_run_folder(self) -> None:
        """Open the folder of the last run in the system's file manager."""
        if self.training.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.training.folder)))

    def can_show_flow(self) -> bool:
        """Whether a recording is open and a network chosen."""
        return self.recording is not None and self.flow_panel.checkpoint is not None

    def show_flow(self) -> None:
        """Let the chosen network find the flow over the open recording."""
        if self.can_show_flow():
            device = self.draft.value("device")
            source = FlowSource(self.flow_panel.checkpoint, device=device)
            self._space.set_flow(source.open(self.recording))
            self._space.panel_wanted.emit(FLOW, True)

    def predict_command(self) -> str | None:
        """The command line that writes the flow of the open recording."""
        if not self.can_show_flow():
            return None
        config = FlowPredictSettings(recording=self.recording.path, checkpoint=self.flow_panel.checkpoint)
        return command_of(config)

    def can_measure(self) -> bool:
        """Whether there is a flow and none is being judged."""
        return self._space.view.flow.provider is not None and not self.judging.session.state.active

    def measure(self) -> None:
        """Judge the flow in the window that is chosen in the panel."""
        try:
            config = self._score_config()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        if config is not None:
            self._space.panel_wanted.emit(FLOW, True)
            self.judging.start(config)

    def score_command(self) -> str | None:
        """The command line that judges the flow in the window that is chosen in the panel."""
        try:
            config = self._score_config()
        except SettingError:
            return None
        return command_of(config) if config is not None else None

    def _score_config(self) -> ScoreSettings | None:
        view = self._space.view
        if (recording := self.recording) is None or (flow := view.flow.provider) is None:
            return None
        moment = Moment(view.player.time_us, view.style_of_frames.accumulation_us, view.player.chosen)
        return config_of(recording.path, flow.source, self.flow_panel.window_to_judge, moment)

    def ask_to_export(self) -> None:
        """Let the user set up an export, and begin it."""
        from wholefield.export.video import video_format

        if (shown := self._shown()) is None:
            return
        folder = self._services.settings.last_folder
        dialog = ExportDialog(shown, video_format(), folder, self._space.central)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(self.exporting.start)
        dialog.open()

    def export_command(self) -> str | None:
        """The command line that makes a video of what the window shows."""
        if (shown := self._shown()) is None:
            return None
        return command_of(video_of(shown, Path(f"{shown.recording.stem}.mp4")))

    def picture_command(self) -> str | None:
        """The command line that writes the frame in sight as a picture."""
        if (shown := self._shown()) is None:
            return None
        time_us = self._space.view.player.time_us
        frame = {"what": Pictures.FRAMES, "start_us": time_us, "end_us": time_us + 1, "speed": 1.0}
        return command_of(video_of(shown, Path(f"{shown.recording.stem}_frames"), **frame))

    def _shown(self) -> Shown | None:
        view, recording = self._space.view, self.recording
        if recording is None or view.frame is None:
            return None
        field, player, flow = view.frame.request.field, view.player, view.flow.provider
        delta_t = self.draft.value("delta_t") if field is None else field.end_us - field.start_us
        return Shown(
            recording.path, recording.duration_us, player.span, player.speed, view.frame.size,
            view.style_of_frames, framing_of_view(view.canvas), flow.source if flow is not None else None, delta_t,
        )  # fmt: skip

    def _connect(self) -> None:
        training, services = self.training.session, self._services
        training.failed.connect(services.report)
        for session in self.sessions:
            session.state_changed.connect(self._follow_state)
        for follow in (self._activity.say_progress, self.curves_panel.add, self.preview_panel.add):
            training.reported.connect(follow)
        self.training.checkpoint_saved.connect(self._list_checkpoints)
        training.ended.connect(self._list_checkpoints)
        self.draft.changed.connect(self._space.changed)
        self.flow_panel.checkpoint_changed.connect(self._space.changed)
        self.judging.judged.connect(self.flow_panel.table.show_card)
        self._space.desk.changed.connect(self._follow_desk)
        self._space.view.flow.provider_changed.connect(self._follow_flow)
        for part in (self.training_panel, self.curves_panel, self.preview_panel, self.flow_panel):
            services.themes.changed.connect(part.use_theme)

    def _recall_settings(self) -> None:
        values = self._services.settings.json(TRAINING_KEY)
        if values is None:
            return
        try:
            self.draft.restore(FlowSettings.from_json(values))
        except SettingError as error:
            log.warning("The settings of the last training are not taken up: %s", error)

    @Slot()
    def _follow_desk(self) -> None:
        self.judging.session.discard()
        if (recording := self.recording) is not None:
            self.draft.set_recording(recording.path)
            self._list_checkpoints()

    @Slot()
    def _follow_flow(self) -> None:
        provider = self._space.view.flow.provider
        self.judging.session.discard()
        self.flow_panel.table.show_card(None)
        self.flow_panel.show_provider(provider.name if provider is not None else "")

    @Slot()
    def _list_checkpoints(self) -> None:
        if (runs := self.draft.runs) is not None:
            self._services.background.run(
                list_flow_checkpoints, runs, then=self.flow_panel.models.set_checkpoints, failed=self._services.report
            )  # fmt: skip

    @Slot()
    def _follow_state(self) -> None:
        self._activity.say_state(Topic.TRAINING, self.training.session.state)
        self._activity.say_state(Topic.SCORE, self.judging.session.state)
        if self.exporting.session.state is SessionState.STOPPING:
            self._activity.say(Topic.EXPORT, FINISHING)
        else:
            self._activity.say_state(Topic.EXPORT, self.exporting.session.state)
        self._space.changed.emit()
