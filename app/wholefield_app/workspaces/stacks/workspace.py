"""The stacks workspace: joins the desk, the view, the training and the prediction with their panels."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from wholefield.errors import SettingError
from wholefield.runs.reports import Level, Message, PreviewReady, Report
from wholefield.tasks.registry import find_task
from wholefield.tasks.stacks.settings import DENOISED, RECONSTRUCTION
from wholefield_app.actions import Action, Registry
from wholefield_app.document.activity import Activity, Topic
from wholefield_app.document.demo import DemoMaker
from wholefield_app.document.training import Training
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.forms.form import SettingsForm
from wholefield_app.panels.curve_data import ACCURACY, Quality
from wholefield_app.panels.curves_panel import CurvesPanel
from wholefield_app.panels.levels_panel import LevelsPanel
from wholefield_app.panels.notice import Notice
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.panels.training_panel import TrainingPanel
from wholefield_app.panels.welcome import Welcome
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.viewer.plane_view import Compare
from wholefield_app.viewer.stack_view import StackView
from wholefield_app.workspaces.stacks.actions import stack_actions
from wholefield_app.workspaces.stacks.checkpoints import list_stack_checkpoints
from wholefield_app.workspaces.stacks.desk import Desk
from wholefield_app.workspaces.stacks.entry import STACKS
from wholefield_app.workspaces.stacks.exporting import Exporting
from wholefield_app.workspaces.stacks.handlers import PREVIEW, TRAINING, TRAINING_KEY, Handlers
from wholefield_app.workspaces.stacks.label_count import LabelCount
from wholefield_app.workspaces.stacks.opening import Role
from wholefield_app.workspaces.stacks.prediction import Prediction
from wholefield_app.workspaces.stacks.prediction_panel import PredictionPanel
from wholefield_app.workspaces.stacks.preview_images import EMPTY, draw_preview
from wholefield_app.workspaces.stacks.readouts import Readouts
from wholefield_app.workspaces.stacks.sight import NO_LEVELS, Sight
from wholefield_app.workspaces.stacks.stacks_panel import StacksPanel
from wholefield_app.workspaces.stacks.training_form import StacksDraft

if TYPE_CHECKING:
    from wholefield_resources.demo.stack import StackDemo

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

PURPOSE = "Denoise and segment CT stacks with networks trained on your own data."
HINT = "Or drop a stack or a folder of slices anywhere in this window."
FIRST_STEPS = ("stacks.open", "stacks.open_folder", "stacks.open_demo")
MOUSE = (
    ("Walk through the slices", "wheel"),
    ("Zoom at the pointer", "Ctrl and wheel"),
    ("Move all views to a voxel", "click"),
    ("Move the picture", "drag, or the arrow keys"),
    ("Change level and window", "drag with the right button"),
)
MAKING_DEMO = "Scanning and reconstructing the demo stack"
QUALITIES = (
    Quality("validation_psnr", "PSNR, dB"),
    Quality("validation_dice", "Dice", ACCURACY.range),
    ACCURACY,
)

log = logging.getLogger(__name__)


class StacksWorkspace(Workspace):
    """Look at stacks, train on them, predict, compare, export.

    Attributes:
        desk: The open stacks.
        view: Their planes.
        sight: How they are shown.
        training: The training.
        prediction: The prediction.
        exporting: The export.
        demo: Makes the demo stack.
        labels: Counts the labels of the target.
        handlers: What the actions do.
    """

    entry = STACKS
    hints = MOUSE
    log_behind = PREVIEW

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.draft = StacksDraft(self)
        self.desk = Desk(services, self)
        self.view = StackView(services.background, services.themes.theme)
        self.sight = Sight(self.desk, self.view, self)
        self.training = Training(self)
        self.prediction = Prediction(self)
        self.exporting = Exporting(services, self)
        self.demo = DemoMaker(services, make_demo, self)
        self.labels = LabelCount(services, self)
        self.handlers = Handlers(self, services)
        self._activity = Activity(self)
        self._activity.changed.connect(self.status_changed)
        self._readouts = Readouts(self.view)
        self._central = QStackedWidget()

    @property
    def title(self) -> str:
        """The name of the open stack."""
        return self.desk.input.source.name if self.desk.input is not None else ""

    @property
    def central(self) -> QWidget:
        """The view, or the welcome page while no stack is open."""
        return self._central

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """Training, prediction and export."""
        return self.training.session, self.prediction.session, self.exporting.session

    @property
    def quiet(self) -> bool:
        """Whether files, planes and previews are all there."""
        return not (self._services.background.busy or self.view.busy or self.preview_panel.busy)

    @property
    def splitters(self) -> Mapping[str, QSplitter]:
        """Those between the planes."""
        return self.view.splitters

    def actions(self) -> list[Action]:
        """What a user can do with stacks."""
        return stack_actions(self)

    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels around the view."""
        services, theme = self._services, self._services.themes.theme
        first_steps = [registry[name] for name in FIRST_STEPS]
        self.welcome = Welcome(self.name, PURPOSE, HINT, first_steps, services.settings)
        self.notice = Notice(theme)
        self._central.addWidget(self.welcome)
        self._central.addWidget(self._shown())
        self.form = SettingsForm(self.draft, theme)
        self.stacks_panel = StacksPanel(self.desk, self.sight, registry, theme)
        self.levels_panel = LevelsPanel(theme)
        self.training_panel = TrainingPanel(self.name, self.form, self.training.session, registry, theme)
        self.curves_panel = CurvesPanel(theme, QUALITIES)
        self.preview_panel = PreviewPanel(services.background, theme, PreviewReady, draw_preview, EMPTY)
        self.prediction_panel = PredictionPanel(self.prediction, self.exporting, registry, theme)
        self._connect()
        self._recall_settings()
        return [
            Panel("stacks.stacks", "Stacks", scrolling(self.stacks_panel), LEFT, 330),
            Panel("stacks.levels", "Contrast", scrolling(self.levels_panel), LEFT, 245),
            Panel("stacks.prediction", "Prediction", scrolling(self.prediction_panel), LEFT, 200),
            Panel(TRAINING, "Training", self.training_panel, RIGHT, 520),
            Panel("stacks.curves", "Curves", self.curves_panel, RIGHT, 300),
            Panel(PREVIEW, "Preview", self.preview_panel, BOTTOM, 250),
        ]

    def readouts(self) -> list[QWidget]:
        """The voxel under the mouse, and the zoom."""
        return [self._readouts.voxel, self._readouts.zoom]

    def open(self, path: Path) -> None:
        """Open a stack as the input."""
        self.desk.open(path)

    def open_demo(self) -> None:
        """Make the demo stack, if it is not there yet, and open it with its target."""
        self.demo.start()
        self.changed.emit()

    def close_stack(self) -> None:
        """Show no stack."""
        self.desk.remove(Role.INPUT)

    def close(self) -> None:
        """Let go of files and threads."""
        self.demo.close()
        self.labels.stop()
        self.curves_panel.stop()
        self.preview_panel.stop()
        self.desk.close()
        self.view.shutdown()

    def _shown(self) -> QWidget:
        """The view with the warnings about the stack above it."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self.view, 1)
        return page

    def _connect(self) -> None:
        self._connect_stacks()
        self._connect_runs()
        themes = self._services.themes
        for part in (
            self.view, self.notice, self.stacks_panel, self.levels_panel, self.training_panel, self.curves_panel,
            self.preview_panel, self.prediction_panel,
        ):  # fmt: skip
            themes.changed.connect(part.use_theme)

    def _connect_stacks(self) -> None:
        self.desk.opened.connect(self.opened)
        self.desk.opening.connect(self._show_opening)
        self.desk.changed.connect(self._follow_desk)
        self.desk.choice_wanted.connect(self.handlers.ask_for_dataset)
        self.sight.changed.connect(self._follow_sight)
        self.view.moved.connect(self.changed)
        self.view.problem.connect(self._services.report)
        self.levels_panel.changed.connect(self.sight.set_levels)
        self.welcome.chosen.connect(self.open)
        self.demo.progressed.connect(self._show_demo_progress)
        self.demo.made.connect(self._open_demo_stack)
        self.demo.ended.connect(self._end_demo)

    def _connect_runs(self) -> None:
        for session in (self.training.session, self.prediction.session):
            session.failed.connect(self._services.report)
            session.reported.connect(self._show_warnings)
        for session in self.sessions:
            session.state_changed.connect(self._follow_state)
        training = self.training.session
        for follow in (self._activity.say_progress, self.curves_panel.add, self.preview_panel.add):
            training.reported.connect(follow)
        self.training.checkpoint_saved.connect(self._list_checkpoints)
        training.ended.connect(self._list_checkpoints)
        training.ended.connect(self._show_denoised)
        self.prediction.done.connect(self._show_prediction)
        self.exporting.lost.connect(self._warn)
        self.labels.changed.connect(self._show_labels)
        self.draft.changed.connect(self.changed)
        self.prediction_panel.checkpoint_changed.connect(self.changed)

    def _recall_settings(self) -> None:
        values = self._services.settings.json(TRAINING_KEY)
        if values is None:
            return
        try:
            self.draft.restore(find_task(values.get("task", "")).settings.from_json(values))
        except SettingError as error:
            log.warning("The settings of the last training are not taken up: %s", error)

    @Slot(str)
    def _show_opening(self, name: str) -> None:
        text = f"Opening {name}" if name else ""
        self.welcome.set_busy(text)
        self._activity.say(Topic.OPENING, text)

    @Slot(object)
    def _follow_desk(self, role: Role) -> None:
        stack = self.desk.input
        self._central.setCurrentIndex(0 if stack is None else 1)
        if role is Role.INPUT:
            self.notice.show_sentences(stack.source.warnings if stack is not None else ())
            self._list_checkpoints()
            self.prediction_panel.say_exported("")
        if role is not Role.PREDICTION and stack is not None:
            self.draft.set_pair(stack, self.desk.stacks.get(Role.TARGET))
        self.labels.follow(self.desk.stacks.get(Role.TARGET))
        self._readouts.refresh()
        self.changed.emit()

    @Slot(str)
    def _show_labels(self, sentence: str) -> None:
        self.draft.note("label_values", sentence)

    @Slot()
    def _follow_sight(self) -> None:
        stack = self.desk.input
        if stack is None:
            self.levels_panel.show_levels(None, NO_LEVELS)
        else:
            self.levels_panel.show_levels(
                self.sight.facts, self.sight.levels, stack.of_file, hounsfield=stack.hounsfield
            )
        self.changed.emit()

    @Slot()
    def _list_checkpoints(self) -> None:
        if (runs := self.draft.runs) is not None:
            self._services.background.run(
                list_stack_checkpoints,
                runs,
                then=self.prediction_panel.models.set_checkpoints,
                failed=self._services.report,
            )

    @Slot(list)
    def _show_warnings(self, reports: list[Report]) -> None:
        """Say what a run warns of above the view, below what is said of the stack itself."""
        found = [each.text for each in reports if isinstance(each, Message) and each.level is Level.WARNING]
        if found:
            self._warn(*found)

    @Slot(str)
    def _warn(self, *sentences: str) -> None:
        known = self.desk.input.source.warnings if self.desk.input is not None else ()
        self.notice.show_sentences(tuple(dict.fromkeys((*known, *sentences))))

    @Slot(object, object)
    def _show_prediction(self, stack: Path, result: Path) -> None:
        if self.desk.input is not None and self.desk.input.source.path == stack:
            self.sight.set_compare(Compare.SWIPE)
            self.desk.open(result, Role.PREDICTION)

    @Slot()
    def _show_denoised(self) -> None:
        """Show what Noise2Inverse has left: the reconstruction, and the denoised one as its prediction."""
        folder = self.training.folder
        if folder is not None and (folder / DENOISED).exists():
            self.desk.open_pair(folder / RECONSTRUCTION, folder / DENOISED, Role.PREDICTION)

    @Slot(int, int)
    def _show_demo_progress(self, done: int, total: int) -> None:
        self.welcome.set_busy(MAKING_DEMO, done, total)
        self._activity.say(Topic.DEMO, f"{MAKING_DEMO}: {done} of {total}")

    @Slot(object)
    def _open_demo_stack(self, demo: "StackDemo") -> None:
        self.draft.set(projections=demo.projections)
        self.desk.open_pair(demo.noisy, demo.clean)

    @Slot()
    def _end_demo(self) -> None:
        self.welcome.set_busy("")
        self._activity.say(Topic.DEMO, "")
        self.changed.emit()

    @Slot()
    def _follow_state(self) -> None:
        topics = Topic.TRAINING, Topic.PREDICTION, Topic.EXPORT
        for topic, session in zip(topics, self.sessions, strict=True):
            self._activity.say_state(topic, session.state)
        self.changed.emit()


def make_demo(progress: Callable[[int, int], None]) -> "StackDemo":
    """Make the demo stack in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.stack import make_stack_demo

    return make_stack_demo(progress=progress)
