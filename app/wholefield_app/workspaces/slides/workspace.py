"""The slides workspace: joins the desk, the training and the prediction with their panels."""

import logging
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from wholefield.errors import SettingError
from wholefield.tasks.registry import find_task
from wholefield_app.actions import Action, Registry
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.document.demo import DemoMaker
from wholefield_app.document.training import Training
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.forms.form import SettingsForm
from wholefield_app.panels.curve_data import ACCURACY, Quality
from wholefield_app.panels.curves_panel import CurvesPanel
from wholefield_app.panels.inspector_panel import InspectorPanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.panels.training_panel import TrainingPanel
from wholefield_app.panels.welcome import Welcome
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.workspaces.slides.actions import slide_actions
from wholefield_app.workspaces.slides.checkpoints import list_models
from wholefield_app.workspaces.slides.demo import make_demo
from wholefield_app.workspaces.slides.desk import Desk
from wholefield_app.workspaces.slides.entry import SLIDES
from wholefield_app.workspaces.slides.exporting import ClassExport
from wholefield_app.workspaces.slides.handlers import INSPECTOR, TRAINING_KEY, Handlers
from wholefield_app.workspaces.slides.inspector import Inspector
from wholefield_app.workspaces.slides.overlays import Overlays
from wholefield_app.workspaces.slides.prediction import Prediction
from wholefield_app.workspaces.slides.prediction_panel import PredictionPanel
from wholefield_app.workspaces.slides.project import SlideProject
from wholefield_app.workspaces.slides.readouts import Readouts
from wholefield_app.workspaces.slides.slides_panel import SlidesPanel
from wholefield_app.workspaces.slides.training_form import SlidesDraft

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea

PURPOSE = "Exact deep learning on images of any size, tile by tile."
HINT = "Or drop a slide or a folder of slides anywhere in this window."
FIRST_STEPS = ("slides.open", "slides.open_folder", "slides.open_demo")
TOPICS = (Topic.TRAINING, Topic.PREDICTION, Topic.EXPORT)
QUALITIES = (Quality("validation_dice", "Dice", ACCURACY.range), ACCURACY)
MAKING_DEMO = "Making the slides of the demo project"

log = logging.getLogger(__name__)


class SlidesWorkspace(Workspace):
    """Look at slides, train on them, predict.

    Attributes:
        desk: The open slide and its view.
        overlays: What is laid over the slide.
        training: The training.
        prediction: The prediction.
        class_export: The export of a segmentation.
        demo: Makes the demo project.
        handlers: What the actions do.
    """

    entry = SLIDES
    hints = (("Move the slide", "drag, or the arrow keys"), ("Zoom at the pointer", "wheel"))

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.draft = SlidesDraft(self)
        self.desk = Desk(services, self)
        self.overlays = Overlays(self.desk, self)
        self.training = Training(self)
        self.prediction = Prediction(self)
        self.class_export = ClassExport(self)
        self.demo = DemoMaker(services, make_demo, self)
        self.handlers = Handlers(self, services)
        self._activity = Activity(self)
        self._activity.changed.connect(self.status_changed)
        self._readouts = Readouts(self.desk.view)
        self._central = QStackedWidget()

    @property
    def title(self) -> str:
        """The name of the open slide."""
        return self.desk.source.name if self.desk.source is not None else ""

    @property
    def central(self) -> QWidget:
        """The view, or the welcome page while no slide is open."""
        return self._central

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """Training, prediction and export."""
        return self.training.session, self.prediction.session, self.class_export.session

    @property
    def quiet(self) -> bool:
        """Whether files, thumbnails and tiles are all there."""
        return not self._services.background.busy and self.desk.view.is_settled and not self.inspector.busy

    def actions(self) -> list[Action]:
        """What a user can do with slides."""
        return slide_actions(self)

    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels around the view."""
        services, theme = self._services, self._services.themes.theme
        self.form = SettingsForm(self.draft, theme)
        self.welcome = Welcome(
            self.name, PURPOSE, HINT, [registry[name] for name in FIRST_STEPS], services.settings
        )
        self._central.addWidget(self.welcome)
        self._central.addWidget(self.desk.view)
        self.slides_panel = SlidesPanel(services.background, registry, theme)
        self.training_panel = TrainingPanel(self.name, self.form, self.training.session, registry, theme)
        self.curves_panel = CurvesPanel(theme, QUALITIES)
        self.prediction_panel = PredictionPanel(
            self.prediction, self.class_export.session, self.overlays, registry, theme
        )
        self.inspector_panel = InspectorPanel(theme)
        self.inspector = Inspector(self.desk, self.draft, self.inspector_panel, services)
        self._connect()
        self._recall_settings()
        return [
            Panel("slides.list", "Slides", self.slides_panel, LEFT, 480),
            Panel("slides.prediction", "Prediction", scrolling(self.prediction_panel), LEFT, 320),
            Panel("slides.training", "Training", self.training_panel, RIGHT, 480),
            Panel("slides.curves", "Curves", self.curves_panel, RIGHT, 320),
            Panel(
                INSPECTOR, "Inspector", self.inspector_panel, RIGHT, 620,
                width=590, tab_of="slides.training", shown=False, when_seen=self.inspector.set_active,
            ),
        ]  # fmt: skip

    def readouts(self) -> list[QWidget]:
        """Cursor position and zoom."""
        return [self._readouts.cursor, self._readouts.zoom]

    def open(self, path: Path) -> None:
        """Open a slide or a folder of slides."""
        self.desk.open(path)

    def open_demo(self) -> None:
        """Make the demo project, if it is not there yet, and open it."""
        self.demo.start()
        self.changed.emit()

    def close(self) -> None:
        """Let go of files and threads."""
        self.demo.close()
        self.inspector.close()
        self.curves_panel.stop()
        self.overlays.clear_sweep()
        self.slides_panel.drop_thumbnails()
        self.desk.close()

    def _connect(self) -> None:
        self._connect_desk()
        self._connect_runs()
        self._connect_looks()

    def _connect_desk(self) -> None:
        self.desk.opened.connect(self.opened)
        self.desk.opening.connect(self._show_opening)
        self.desk.slide_changed.connect(self._show_slide)
        self.desk.project_found.connect(self._show_project)
        self.welcome.chosen.connect(self.open)
        self.slides_panel.chosen.connect(self.desk.show)
        self.demo.progressed.connect(self._show_demo_progress)
        self.demo.made.connect(self._open_demo_project)
        self.demo.ended.connect(self._end_demo)

    def _connect_runs(self) -> None:
        for session in self.sessions:
            session.state_changed.connect(self._follow_state)
            session.failed.connect(self._services.report)
            session.reported.connect(self.overlays.follow)
        self.training.session.reported.connect(self._activity.say_progress)
        self.training.session.reported.connect(self.curves_panel.add)
        self.training.checkpoint_saved.connect(self._list_checkpoints)
        self.training.session.ended.connect(self._list_checkpoints)
        self.prediction.changed.connect(self._show_prediction)

    def _connect_looks(self) -> None:
        themes = self._services.themes
        for panel in (
            self.slides_panel, self.training_panel, self.curves_panel, self.prediction_panel, self.inspector_panel,
        ):  # fmt: skip
            themes.changed.connect(panel.use_theme)
        self.draft.changed.connect(self._follow_tiling)
        self.draft.changed.connect(self.changed)
        self.overlays.changed.connect(self.changed)
        self.prediction_panel.checkpoint_changed.connect(self.changed)
        self.inspector.changed.connect(self.changed)
        self.training.session.state_changed.connect(self.inspector.follow_training)

    def _recall_settings(self) -> None:
        values = self._services.settings.json(TRAINING_KEY)
        if values is None:
            return
        try:
            self.draft.restore(find_task(values.get("task", "")).settings.from_json(values))
        except SettingError as error:
            log.warning("The settings of the last training are not taken up: %s", error)

    @Slot()
    def _follow_tiling(self) -> None:
        self.overlays.set_tiling(*self.draft.tiling)

    @Slot(str)
    def _show_opening(self, name: str) -> None:
        text = f"Opening {name}" if name else ""
        self.welcome.set_busy(text)
        self._activity.say(Topic.OPENING, text)

    @Slot()
    def _show_slide(self) -> None:
        source = self.desk.source
        self._central.setCurrentWidget(self.welcome if source is None else self.desk.view)
        self.prediction.look_at(None if source is None else source.path)
        self._readouts.refresh()
        if source is not None:
            self.slides_panel.mark(source.path)
        self.changed.emit()

    @Slot(object)
    def _show_project(self, project: SlideProject) -> None:
        self.slides_panel.show_project(project)
        self.draft.set_project(project)
        self._list_checkpoints()
        self.desk.show(project.entries[0].path)
        if project.warning:
            self._services.report(Problem(project.warning))

    @Slot()
    def _list_checkpoints(self) -> None:
        if (runs := self.draft.runs) is not None:
            self._services.background.run(
                list_models,
                runs,
                then=self.prediction_panel.models.set_checkpoints,
                failed=self._services.report,
            )

    @Slot(int, int)
    def _show_demo_progress(self, done: int, total: int) -> None:
        self.welcome.set_busy(MAKING_DEMO, done, total)
        self._activity.say(Topic.DEMO, f"{MAKING_DEMO}: {done} of {total}")

    @Slot(object)
    def _open_demo_project(self, project: SlideProject) -> None:
        self._show_project(project)
        self.opened.emit(project.folder)

    @Slot()
    def _end_demo(self) -> None:
        self.welcome.set_busy("")
        self._activity.say(Topic.DEMO, "")
        self.changed.emit()

    @Slot()
    def _follow_state(self) -> None:
        for topic, session in zip(TOPICS, self.sessions, strict=True):
            self._activity.say_state(topic, session.state)
        if not any(session.state.active for session in self.sessions):
            self.overlays.clear_sweep()
        self.changed.emit()

    @Slot()
    def _show_prediction(self) -> None:
        self.overlays.set_result(self.prediction.result, self.prediction.shown)
        self.changed.emit()
