"""The slides workspace: what slides have beyond what all workspaces have in common."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot

from wholefield.tasks.slides.published.settings import ApplySettings
from wholefield.tasks.slides.settings import PredictSettings
from wholefield_app.actions import Action, Registry
from wholefield_app.actions.action import Availability, requires
from wholefield_app.document import actions, dialogs
from wholefield_app.document.document import Role
from wholefield_app.document.document_workspace import LEFT, RIGHT, DocumentWorkspace
from wholefield_app.document.export import Export
from wholefield_app.document.handlers import predict_command
from wholefield_app.document.workspace import Panel
from wholefield_app.forms.draft import RUNS
from wholefield_app.labeling.panel import LabelsPanel
from wholefield_app.panels.channels_panel import ChannelsPanel
from wholefield_app.panels.inspector_panel import InspectorPanel
from wholefield_app.panels.layers_panel import LayersPanel
from wholefield_app.panels.live_panel import LivePanel
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession
from wholefield_app.services import Services
from wholefield_app.viewer.layer import Layer
from wholefield_app.viewer.slides.view import SlideView
from wholefield_app.workspaces import SLIDES
from wholefield_app.workspaces.slides.actions import ADD_LAYER, INSPECTOR, REMOVE_LAYER, overlay_actions
from wholefield_app.workspaces.slides.channels import SlideChannels
from wholefield_app.workspaces.slides.document import SlideDocument
from wholefield_app.workspaces.slides.draft import SlidesDraft
from wholefield_app.workspaces.slides.export import FORMATS, IMAGE, export_classes
from wholefield_app.workspaces.slides.go_to import position_in
from wholefield_app.workspaces.slides.inspector import Inspector
from wholefield_app.workspaces.slides.label_layer import read_layers, tissue_layers
from wholefield_app.workspaces.slides.labeling import Labeling
from wholefield_app.workspaces.slides.live_training import PANEL as LIVE, LiveTraining
from wholefield_app.workspaces.slides.overlays import Overlays
from wholefield_app.workspaces.slides.prediction import SlidePredictions
from wholefield_app.workspaces.slides.prediction_panel import SlidePredictionPanel
from wholefield_app.workspaces.slides.project import SlideProject, read_project
from wholefield_app.workspaces.slides.slides_panel import SlidesPanel
from wholefield_app.workspaces.slides.words import WORDS, describe_position, describe_zoom


class SlidesWorkspace(DocumentWorkspace):
    """Look at slides, train on them, predict.

    Attributes:
        display: How the channels of the slide are shown.
        overlays: What is laid over the slide.
        prediction: The prediction.
        labeling: The labels that are drawn.
        live: The training from strokes.
    """

    entry = SLIDES
    words = WORDS
    predict_task = PredictSettings.task
    settings_key = "training/settings"
    hints = (("Pan", "drag, or the arrow keys"), ("Zoom at the pointer", "wheel"))

    document: SlideDocument
    draft: SlidesDraft
    view: SlideView
    prediction_panel: SlidePredictionPanel

    def __init__(self, services: Services) -> None:
        document, view = SlideDocument(services), SlideView()
        super().__init__(services, document, view, SlidesDraft(), make_demo, Export())
        # The view shows the slide before anything is laid over it.
        document.changed.connect(self._show_in_view)
        self.display = SlideChannels(services, view, self)
        self.overlays = Overlays(document, view, self)
        self.prediction = SlidePredictions(self)
        # The map of a live training lies under the labels.
        self.live = LiveTraining(self)
        self.labeling = Labeling(self)

    @property
    def canvas(self) -> SlideView:
        """The view itself is zoomed."""
        return self.view

    @property
    def own_sessions(self) -> tuple[RunSession, ...]:
        """The prediction."""
        return (self.prediction,)

    @property
    def quiet(self) -> bool:
        """Whether files, thumbnails and tiles are all there."""
        return super().quiet and self.view.is_settled and not self.inspector.busy

    def actions(self) -> list[Action]:
        """What a user can do with slides."""
        return [
            *actions.opening_actions(self), *actions.file_actions(self), *actions.zoom_actions(self),
            *overlay_actions(self), *self.labeling.actions(), *self.live.actions(), *actions.training_actions(self),
            actions.predict_action(self), actions.cancel_action(self, self.prediction),
        ]  # fmt: skip

    def panels(self, registry: Registry) -> list[Panel]:
        """Slides and prediction on the left, training, curves and the inspector on the right."""
        services, theme = self._services, self._services.themes.theme
        self.slides_panel = SlidesPanel(services.background, registry, theme)
        self.labels_panel = LabelsPanel(self.labeling.labels, registry, theme)
        self.live_panel = LivePanel(self.live, registry, theme)
        self.channels_panel = ChannelsPanel(self.display.channels, self.display.memory, theme)
        self.layers_panel = LayersPanel(self.view, ADD_LAYER, REMOVE_LAYER, registry)
        self.inspector_panel = InspectorPanel(theme)
        self.inspector = Inspector(self.document, self.view, self.draft, self.inspector_panel, services)
        return [
            Panel("slides.list", "Slides", self.slides_panel, LEFT, 480),
            Panel("slides.labels", "Labels", self.labels_panel, LEFT, 480, tab_of="slides.list"),
            Panel(
                "slides.contrast", "Contrast", scrolling(self.channels_panel), LEFT, 480,
                tab_of="slides.list", when_seen=self.display.set_in_sight,
            ),
            Panel("slides.prediction", "Prediction", scrolling(self.prediction_panel), LEFT, 320),
            Panel("slides.layers", "Layers", scrolling(self.layers_panel), LEFT, 320, tab_of="slides.prediction"),
            Panel("slides.training", "Training", self.training_panel, RIGHT, 480),
            Panel(LIVE, "Live", scrolling(self.live_panel), RIGHT, 480, tab_of="slides.training"),
            Panel("slides.curves", "Curves", self.curves_panel, RIGHT, 320),
            Panel(
                INSPECTOR, "Inspector", self.inspector_panel, RIGHT, 620,
                width=590, tab_of="slides.training", shown=False, when_seen=self.inspector.set_active,
            ),
        ]  # fmt: skip

    def make_prediction_panel(self, registry: Registry) -> SlidePredictionPanel:
        """Probabilities or shares of the classes."""
        theme = self._services.themes.theme
        return SlidePredictionPanel(self.prediction, self.export, registry, theme)

    def connect_own(self) -> None:
        """Connect project, overlays and inspector."""
        self.follow_theme(
            self.slides_panel, self.inspector_panel, self.labels_panel, self.channels_panel, self.live_panel
        )
        self.view.problem.connect(self._report_tile)
        self.view.cursor_moved.connect(self._show_cursor)
        self.view.cursor_left.connect(self.readout.cursor.clear)
        self.view.view_changed.connect(self._show_zoom)
        self.document.project_found.connect(self._show_project)
        self.slides_panel.chosen.connect(self.document.show)
        self.layers_panel.dropped.connect(self.add_layer)
        self.layers_panel.list.currentRowChanged.connect(self.changed)
        self.draft.changed.connect(self._follow_tiling)
        for session in self.sessions:
            session.reported.connect(self.overlays.follow)
            session.state_changed.connect(self._end_sweep)
        self.prediction.changed.connect(self._show_prediction)
        self.prediction.image_made.connect(self.document.open)
        self.training.state_changed.connect(self.inspector.follow_training)
        for changed in (
            self.view.layers_changed,
            self.inspector.changed,
            self.labeling.labels.changed,
            self.live.changed,
        ):
            changed.connect(self.changed)

    def follow_document(self, role: Role) -> None:
        """Results of the slide before are of no use."""
        del role
        path = self.document.path
        self.prediction.look_at(path)
        self.labeling.look_at(self.document.input)
        self.display.look_at(self.document.input)
        self._show_zoom()
        if path is not None:
            self.slides_panel.mark(path)

    def take_demo(self, demo: SlideProject) -> None:
        """Open the demo project."""
        self._show_project(demo)
        self.opened.emit(demo.folder)

    def predict_settings(self) -> PredictSettings | ApplySettings | None:
        """The settings of a prediction on the open slide, or those that use a published model on it."""
        slide, checkpoint = self.document.path, self.prediction_panel.checkpoint
        if slide is None or checkpoint is None:
            return None
        opened = self._services.models.find(checkpoint)
        if opened is not None and not opened.own:
            return ApplySettings(
                slide=slide,
                checkpoint=checkpoint,
                tile_size=self.draft.tiling[0],
                workers=self.draft.workers,
                skip_background=self.prediction_panel.skip_background.isChecked(),
            )
        return PredictSettings(
            slide=slide,
            checkpoint=checkpoint,
            tile_size=self.draft.tiling[0],
            workers=self.draft.workers,
            skip_background=self.prediction_panel.skip_background.isChecked(),
        )

    def can_predict(self) -> Availability:
        """Whether a slide is open, a model chosen and no prediction running."""
        return actions.can_predict(self, self.prediction)

    def predict(self) -> None:
        """Predict on the open slide with the chosen model."""
        settings = self.predict_settings()
        if isinstance(settings, ApplySettings):
            self.prediction.apply(settings, self.runs or settings.slide.parent / RUNS)
        elif settings is not None:
            self.prediction.predict(settings)

    def can_export(self) -> Availability:
        """Whether there is a segmentation, and no export is running."""
        segmented = self.prediction.segmentation is not None
        return requires(
            (segmented, "Predict with a segmentation model first."),
            (not self.export.state.active, "An export is already running."),
        )

    def ask_to_export(self) -> None:
        """Let the user choose where the classes of the open slide go, and write them."""
        if (found := self.prediction.segmentation) is None:
            return
        suggestion = self._services.settings.last_folder / f"{found.slide.stem}_classes{IMAGE}"
        path = dialogs.ask_for_export(self.central, "Export the classes", suggestion, FORMATS)
        if path is not None:
            self.export.begin(partial(export_classes, found, path))

    def export_command(self) -> str | None:
        """The command line that predicts, and writes the classes."""
        return predict_command(self)

    def close(self) -> None:
        """Release files and threads."""
        self.inspector.close()
        self.labeling.labels.save_now()
        self.display.save()
        self.overlays.clear_sweep()
        self.slides_panel.drop_thumbnails()
        super().close()

    @Slot(object)
    def add_layer(self, path: Path) -> None:
        """Show a label image or a map over the open slide."""
        if (source := self.document.input) is not None:
            self._services.background.run(
                read_layers,
                path,
                source,
                then=partial(self._take_layers, source),
                failed=self._services.report,
            )

    def _take_layers(self, source: object, layers: list[Layer]) -> None:
        if self.document.input is source:
            for layer in layers:
                self.view.add_layer(layer)
            self.layers_panel.select(layers[0])
            self.panel_wanted.emit("slides.layers", True)

    def go_to(self, text: str) -> None:
        """Bring the position that a text names to the middle of the view."""
        source = self.document.input
        found = position_in(text, source.spacing if source is not None else None)
        if isinstance(found, Problem):
            self._services.report(found)
        else:
            self.view.center_on(*found)

    def find_tissue(self) -> None:
        """Show where the open slide has tissue."""
        if (source := self.document.input) is not None:
            self._services.background.run(
                tissue_layers, source, then=partial(self._take_layers, source), failed=self._services.report
            )

    @Slot()
    def _show_in_view(self) -> None:
        self.view.set_source(self.document.input)

    @Slot(str)
    def _report_tile(self, sentence: str) -> None:
        self._services.report(Problem(sentence))

    @Slot(float, float, object)
    def _show_cursor(self, x: float, y: float, color: tuple[int, int, int] | None) -> None:
        source = self.document.input
        inside = source is not None and 0 <= x < source.width and 0 <= y < source.height
        self.readout.show_cursor(
            describe_position(x, y, source.spacing, color) if source is not None and inside else ""
        )

    @Slot()
    def _show_zoom(self) -> None:
        source = self.document.input
        self.readout.show_zoom(describe_zoom(source, self.view.scale) if source is not None else "")

    @Slot()
    def _follow_tiling(self) -> None:
        self.overlays.set_tiling(*self.draft.tiling)

    @Slot(object)
    def _show_project(self, project: SlideProject) -> None:
        self.slides_panel.show_project(project)
        self.draft.set_project(project)
        self.document.show(project.entries[0].path)
        if project.warning:
            self._services.report(Problem(project.warning))

    @Slot()
    def _end_sweep(self) -> None:
        if not any(session.state.active for session in self.sessions):
            self.overlays.clear_sweep()

    @Slot()
    def _show_prediction(self) -> None:
        self.overlays.set_result(self.prediction.result, self.prediction.shown)
        self.changed.emit()


def make_demo(progress: Callable[[int, int], None]) -> SlideProject:
    """Make the demo project in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.project import ensure_demo_project
    from wholefield_resources.demo.slides import CLASSES

    made = ensure_demo_project(progress=progress)
    return replace(read_project(made.slides, made.labels), class_names=", ".join(CLASSES))
