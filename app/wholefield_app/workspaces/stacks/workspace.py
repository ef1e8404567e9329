"""The stacks workspace: what stacks have beyond what all workspaces have in common."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter

from wholefield.errors import SettingError
from wholefield.runs.reports import PreviewReady
from wholefield.sources.kinds import Kind
from wholefield.tasks.stacks.noise2inverse_settings import DENOISED, RECONSTRUCTION
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.published.settings import StackApplySettings
from wholefield_app.actions import Action, Registry
from wholefield_app.actions.action import Availability, requires
from wholefield_app.actions.button import ActionButton
from wholefield_app.document import actions, dialogs
from wholefield_app.document.commands import command_of
from wholefield_app.document.document import Role
from wholefield_app.document.document_workspace import BOTTOM, LEFT, RIGHT, DocumentWorkspace
from wholefield_app.document.export import Export
from wholefield_app.document.hooks import Canvas
from wholefield_app.document.prediction import Prediction, PredictionPanel, SessionProgress
from wholefield_app.document.workspace import Panel
from wholefield_app.forms.draft import RUNS
from wholefield_app.labeling.stack_panel import StackLabelsPanel
from wholefield_app.panels.channels_panel import ChannelsPanel
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.viewer.stacks.stack_scene import VoxelReadout
from wholefield_app.viewer.stacks.stack_view import StackView
from wholefield_app.workspaces import STACKS
from wholefield_app.workspaces.stacks.actions import comparing_actions, pairing_actions, walking_actions
from wholefield_app.workspaces.stacks.display import StackDisplay
from wholefield_app.workspaces.stacks.document import StackDocument
from wholefield_app.workspaces.stacks.draft import StacksDraft
from wholefield_app.workspaces.stacks.label_count import LabelCount
from wholefield_app.workspaces.stacks.labeling import StackLabeling
from wholefield_app.workspaces.stacks.opening import OpenStack
from wholefield_app.workspaces.stacks.prediction import FORMATS, export, export_settings, predict
from wholefield_app.workspaces.stacks.preview import EMPTY, draw_preview
from wholefield_app.workspaces.stacks.stacks_panel import StacksPanel
from wholefield_app.workspaces.stacks.words import MOUSE, PREDICTION, WORDS, describe_voxel

if TYPE_CHECKING:
    from wholefield_resources.demo.stack import StackDemo

PREVIEW = "stacks.preview"
TRAINING = "stacks.training"


class StacksWorkspace(DocumentWorkspace):
    """Look at stacks, train on them, predict, compare, export.

    Attributes:
        display: How they are shown.
        prediction: The prediction.
        labels: Counts the labels of the target.
        labeling: The labels that are drawn.
    """

    entry = STACKS
    words = WORDS
    predict_task = StackPredictSettings.task
    settings_key = "stacks/training"
    hints = MOUSE
    log_behind = PREVIEW

    document: StackDocument
    draft: StacksDraft
    view: StackView

    def __init__(self, services: Services) -> None:
        document, view = StackDocument(services), StackView(services.background, services.themes.theme)
        super().__init__(services, document, view, StacksDraft(), make_demo, Export())
        self.display = StackDisplay(document, view, services.settings, self)
        self.prediction = Prediction(self)
        self.labels = LabelCount(services, self)
        self.labeling = StackLabeling(self)
        self._predicting_at: int | None = None

    @property
    def canvas(self) -> Canvas:
        """The large plane."""
        return self.view.main

    @property
    def own_sessions(self) -> tuple[RunSession, ...]:
        """The prediction."""
        return (self.prediction,)

    @property
    def quiet(self) -> bool:
        """Whether files, planes and previews are all there."""
        return super().quiet and not self.view.busy

    @property
    def splitters(self) -> Mapping[str, QSplitter]:
        """Those between the planes."""
        return self.view.splitters

    def actions(self) -> list[Action]:
        """What a user can do with stacks."""
        is_open = actions.is_open(self)
        return [
            *actions.opening_actions(self),
            *pairing_actions(is_open, self._ask_for_target, self._ask_for_target_slices),
            *actions.file_actions(self), *actions.zoom_actions(self),
            *walking_actions(is_open, self.document, self.view, self.display), *comparing_actions(self.display),
            *self.labeling.actions(), *actions.training_actions(self), actions.predict_action(self),
            actions.cancel_action(self, self.prediction),
        ]  # fmt: skip

    def panels(self, registry: Registry) -> list[Panel]:
        """Stacks, contrast and prediction on the left, training and curves on the right, the preview below."""
        theme = self._services.themes.theme
        self.stacks_panel = StacksPanel(self.document, self.display, registry, theme)
        self.labels_panel = StackLabelsPanel(self.labeling.labels, registry, theme)
        remembered = self.display.remembered
        self.channels_panel = ChannelsPanel(remembered.channels, remembered.memory, theme)
        assert self.preview_panel is not None
        return [
            Panel("stacks.stacks", "Stacks", scrolling(self.stacks_panel), LEFT, 330),
            Panel("stacks.labels", "Labels", self.labels_panel, LEFT, 330, tab_of="stacks.stacks"),
            Panel("stacks.levels", "Contrast", scrolling(self.channels_panel), LEFT, 400),
            Panel(
                "stacks.prediction",
                "Prediction",
                scrolling(self.prediction_panel),
                LEFT,
                400,
                tab_of="stacks.levels",
            ),
            Panel(TRAINING, "Training", self.training_panel, RIGHT, 520),
            Panel("stacks.curves", "Curves", self.curves_panel, RIGHT, 300),
            Panel(PREVIEW, "Preview", self.preview_panel, BOTTOM, 250),
        ]

    def make_preview_panel(self) -> PreviewPanel:
        """A slice of the validation."""
        services = self._services
        return PreviewPanel(services.background, services.themes.theme, PreviewReady, draw_preview, EMPTY)

    def make_prediction_panel(self, registry: Registry) -> PredictionPanel:
        """The model, and how far the prediction is."""
        theme = self._services.themes.theme
        panel = PredictionPanel(self.name, PREDICTION, self.export, registry, theme)
        cancel = ActionButton(registry["stacks.cancel_prediction"], only_when_enabled=True, parent=panel)
        progress = SessionProgress(self.prediction, "Loading the network", theme, panel)
        panel.lay_out((panel.models, panel.predict, cancel, progress, panel.hint))
        panel.use_theme(theme)
        self.follow_theme(progress)
        return panel

    def connect_own(self) -> None:
        """Connect the display, the labels and the results."""
        self.follow_theme(self.view, self.stacks_panel, self.channels_panel, self.labels_panel)
        self.document.opening.connect(self._make_way)
        # Once the document has taken in what was opened.
        self.document.opening.connect(self._read_on, Qt.ConnectionType.QueuedConnection)
        self.display.changed.connect(self._follow_display)
        self.document.time_changed.connect(self._follow_time)
        self.view.time_chosen.connect(self.document.set_time)
        self.view.moved.connect(self._show_zoom)
        self.view.moved.connect(self.changed)
        self.view.hovered.connect(self._show_voxel)
        self.view.problem.connect(self._services.report)
        self.training.ended.connect(self._show_denoised)
        self.prediction.done.connect(self._show_prediction)
        self.labels.changed.connect(self._show_labels)
        self.labeling.labels.changed.connect(self.changed)

    def follow_document(self, role: Role) -> None:
        """Train on the stacks that are open, and count the labels of the target."""
        target = self.document.things.get(Role.TARGET)
        if role is not Role.PREDICTION:
            self._follow_time()
        if role is Role.INPUT:
            stack = self.document.input
            self.channels_panel.offer(
                None if stack is None else stack.of_file, hounsfield=stack is not None and stack.hounsfield
            )
        self.labels.follow(target)
        self._show_zoom()

    def take_demo(self, demo: "StackDemo") -> None:
        """Open the demo stack with its target."""
        self.draft.set(projections=demo.projections)
        self.document.open_pair(demo.noisy, demo.clean)

    @Slot(object)
    def take_scan(self, path: Path) -> None:
        """Put a scan into the draft, to be reconstructed and denoised."""
        self.draft.set_scan(path)
        self.panel_wanted.emit(TRAINING, True)

    def predict_settings(self) -> StackPredictSettings | StackApplySettings | None:
        """The settings of a prediction on the open stack, or those that use a published model on it."""
        stack, checkpoint = self.document.input, self.prediction_panel.checkpoint
        if stack is None or checkpoint is None:
            return None
        source, opened = stack.source, self._services.models.find(checkpoint)
        kind = StackPredictSettings if opened is None or opened.own else StackApplySettings
        return kind(
            stack=source.path, dataset=source.dataset, reading=stack.reading_setting, checkpoint=checkpoint
        )

    def can_predict(self) -> Availability:
        """Whether a stack is open, a model chosen and no prediction running."""
        return actions.can_predict(self, self.prediction)

    def predict(self) -> None:
        """Predict the open stack with the chosen model."""
        if (settings := self.predict_settings()) is not None:
            runs = self.draft.runs_folder or settings.stack.parent / RUNS
            self._predicting_at = self.document.time if self.document.times > 1 else None
            self.prediction.begin(partial(predict, settings, runs), settings.stack, settings.checkpoint)

    @property
    def exported(self) -> OpenStack | None:
        """What an export writes: the prediction, or the input while there is none."""
        return self.document.things.get(Role.PREDICTION) or self.document.input

    def can_export(self) -> Availability:
        """Whether a stack is open, and no export is running."""
        return requires(
            (self.exported is not None, self.words.open_first),
            (not self.export.state.active, "An export is already running."),
        )

    def ask_to_export(self) -> None:
        """Let the user choose where the prediction, or the input while there is none, is written."""
        if (stack := self.exported) is not None:
            suggestion = self._export_path(stack)
            path = dialogs.ask_for_export(self.central, "Export the stack", suggestion, FORMATS)
            if path is not None:
                self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the prediction, or the input while there is none."""
        if (stack := self.exported) is None:
            return
        settings = export_settings(stack, path)
        try:
            settings.validate()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        self.export.begin(partial(export, settings), command_of(settings))

    def export_command(self) -> str | None:
        """The command line that writes what an export writes, under the name that is suggested for it."""
        stack = self.exported
        return command_of(export_settings(stack, self._export_path(stack))) if stack is not None else None

    def close(self) -> None:
        """Release files and threads."""
        self.labels.stop()
        self.labeling.labels.save_now()
        self.display.remembered.save()
        super().close()

    def _export_path(self, stack: OpenStack) -> Path:
        """The name that is suggested for an export."""
        name = stack.source.name.split(".")[0] or "stack"
        path = self._services.settings.last_folder / f"{name}.tif"
        return path if path != stack.source.path else path.with_name(f"{name}_export.tif")

    def _ask_for_target(self) -> None:
        """Let the user choose a target or label stack for the open one."""
        if (path := self.document.path) is not None:
            title, filters = f"Pair {path.name} with a target", dialogs.open_filters(Kind.STACK)
            self._open_target(dialogs.ask_for_file(self.central, title, path.parent, filters))

    def _ask_for_target_slices(self) -> None:
        """Let the user choose a folder with target or label slices for the open stack."""
        if (path := self.document.path) is not None:
            title = f"Pair {path.name} with a folder of slices"
            self._open_target(dialogs.ask_for_folder(self.central, title, path.parent))

    def _open_target(self, path: Path | None) -> None:
        if path is not None:
            self.document.open(path, Role.TARGET)

    @Slot()
    def _follow_time(self) -> None:
        """Label what is shown, and train on it."""
        stack = self.document.input
        self.labeling.look_at(stack.source if stack is not None else None)
        if stack is not None:
            self.draft.set_pair(stack, self.document.things.get(Role.TARGET))

    @Slot(str)
    def _make_way(self, name: str) -> None:
        """What is being opened comes before the planes of what is open."""
        if name:
            self.view.pause()

    @Slot(str)
    def _read_on(self, name: str) -> None:
        if not name and not self.document.busy:
            self.view.resume()

    @Slot()
    def _follow_display(self) -> None:
        if self.document.input is not None:
            self.labels_panel.offer_limits(self.display.levels.low, self.display.levels.high)
        self.changed.emit()

    @Slot(str)
    def _show_labels(self, sentence: str) -> None:
        self.draft.note("label_values", sentence)

    @Slot(object)
    def _show_voxel(self, readout: VoxelReadout | None) -> None:
        scene = self.view.scene
        if readout is None or scene is None:
            self.readout.show_cursor("")
        else:
            self.readout.show_cursor(describe_voxel(readout, scene.geometry))

    @Slot()
    def _show_zoom(self) -> None:
        self.readout.show_zoom(f"{self.view.main.scale:.0%}" if self.view.scene is not None else "")

    @Slot(object, object)
    def _show_prediction(self, stack: Path, result: Path) -> None:
        if self.document.path != stack:
            return
        model = self._services.models.find(self.prediction_panel.checkpoint)
        if model is not None and model.resizes:
            # It does not lie over the input.
            self.document.open(result)
        else:
            self.display.set_compare(Compare.SWIPE)
            self.document.predicted_at = self._predicting_at
            self.document.open(result, Role.PREDICTION)

    @Slot()
    def _show_denoised(self) -> None:
        """Show what Noise2Inverse has left: the reconstruction, and the denoised one as its prediction."""
        folder = self.training.folder
        if folder is not None and (folder / DENOISED).exists():
            self.document.open_pair(folder / RECONSTRUCTION, folder / DENOISED, Role.PREDICTION)


def make_demo(progress: Callable[[int, int], None]) -> "StackDemo":
    """Make the demo stack in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.stack import make_stack_demo

    return make_stack_demo(progress=progress)
