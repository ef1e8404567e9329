"""The inspector: plans the chosen network over the open slide in the background and marks what a click hits."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.tasks.slides.inspection import (
    Inspection,
    NetworkChoice,
    ReceptiveField,
    inspect_network,
    suggest_for,
)
from wholefield_app.calls import DebouncedCall
from wholefield_app.document.commands import inspect_command
from wholefield_app.panels.inspector_panel import NO_SLIDE, InspectorPanel
from wholefield_app.problems import Problem
from wholefield_app.runs import SessionState
from wholefield_app.services import Services
from wholefield_app.viewer.slides.view import SlideView
from wholefield_app.workspaces.slides.document import SlideDocument
from wholefield_app.workspaces.slides.draft import SlidesDraft
from wholefield_app.workspaces.slides.receptive_field import FIELD, Grid, field_boxes

REST_MS = 300
# The marked field takes this share of the view when it is zoomed to.
SHARE_OF_VIEW = 0.5


@dataclass(frozen=True)
class Question:
    """What is planned.

    Attributes:
        slide: The open slide.
        level: Its level.
        network: The network of the chosen task.
        size: Height and width of the level in px.
        tile_size: Side of a tile in px.
        workers: Tiles computed at the same time; None where that is left to the program.
    """

    slide: Path
    level: int
    network: NetworkChoice
    size: tuple[int, int]
    tile_size: int
    workers: int | None


class Inspector(QObject):
    """Joins the panel with the slide and with the draft of the training, which it reads and changes.

    It plans only while its panel is in sight.

    Attributes:
        active: Whether the panel is in sight.

    Signals:
        changed: The panel came into sight or went out of it.
    """

    changed = Signal()

    def __init__(
        self,
        document: SlideDocument,
        view: SlideView,
        draft: SlidesDraft,
        panel: InspectorPanel,
        services: Services,
    ) -> None:
        super().__init__(document)
        self._document, self._view, self._draft = document, view, draft
        self._panel, self._services = panel, services
        self._inspection: Inspection | None = None
        self._asked: Question | None = None
        self._pixel: tuple[float, float] | None = None
        self._seen: ReceptiveField | None = None
        self.active = False
        self._plans = DebouncedCall(services.background, inspect_network, REST_MS, self)
        self._suggestions = DebouncedCall(services.background, suggest_for, 0, self)
        self._connect()

    @property
    def busy(self) -> bool:
        """Whether a plan or a suggestion is awaited."""
        return self._plans.busy or self._suggestions.busy

    @Slot(bool)
    def set_active(self, active: bool) -> None:
        """Follow the panel into sight and out of it."""
        self.active = active
        self._follow()
        self._mark()
        self.changed.emit()

    @Slot(object)
    def follow_training(self, state: SessionState) -> None:
        """The settings are shared with the training, which locks them while it runs."""
        self._panel.settings.set_locked(state.active)

    def close(self) -> None:
        """Wait for nothing any more."""
        self.active = False
        self._plans.drop()
        self._suggestions.drop()

    def command(self) -> str | None:
        """The command line that prints what the panel shows."""
        question = self._question()
        if question is None:
            return None
        return inspect_command(
            question.network,
            question.slide,
            question.level,
            question.tile_size,
            question.workers,
            self._panel.shown,
        )

    def _connect(self) -> None:
        panel, settings = self._panel, self._panel.settings
        self._document.changed.connect(self._forget)
        self._view.clicked.connect(self._look)
        self._draft.changed.connect(self._follow)
        settings.network_chosen.connect(self._set_network)
        settings.tile_size_chosen.connect(self._set_tile_size)
        settings.suggestion_wanted.connect(self._want_suggestion)
        panel.table.layer_changed.connect(self._mark)
        panel.cleared.connect(self._clear)
        panel.zoom_wanted.connect(self._zoom)
        self._plans.answered.connect(self._show)
        self._plans.failed.connect(self._refuse)
        self._plans.busy_changed.connect(panel.set_busy)
        self._suggestions.answered.connect(self._set_tiling)
        self._suggestions.failed.connect(self._say_no_suggestion)
        self._suggestions.busy_changed.connect(settings.set_looking)

    @property
    def _network(self) -> NetworkChoice:
        """The network of the draft; only some tasks have a choice of models."""
        draft = self._draft
        if "model" in draft.declarations:
            return NetworkChoice(str(draft.value("model")))
        return NetworkChoice(width=int(draft.value("width")), depth=int(draft.value("depth")))

    def _question(self) -> Question | None:
        source = self._document.input
        if source is None:
            return None
        tile_size, level = self._draft.tiling
        level = min(level, len(source.levels) - 1)
        stored = source.levels[level]
        size = (stored.height, stored.width)
        return Question(source.path, level, self._network, size, tile_size, self._draft.workers)

    @Slot()
    def _follow(self) -> None:
        """Plan again if slide or settings have changed."""
        self._panel.settings.show_draft(self._draft)
        question = self._question()
        self._panel.settings.set_image(question is not None)
        if not self.active or question == self._asked:
            return
        self._asked = question
        self._suggestions.drop()
        if question is None:
            self._plans.drop()
            self._panel.show_message(NO_SLIDE)
            return
        if self._inspection is None:
            height, width = question.size
            title = question.network.title
            self._panel.show_message(f"Planning {title} for {width:,} × {height:,} px")
        self._plans.ask(question.network, question.size, question.tile_size, question.workers)

    @Slot()
    def _forget(self) -> None:
        """Another slide: nothing is known of it, and nothing is marked on it."""
        self._inspection = self._pixel = self._seen = None
        self._follow()

    @Slot(object)
    def _show(self, inspection: Inspection) -> None:
        # Filling the table selects a layer, which marks it: by then the plan must be the new one.
        self._inspection = inspection
        self._panel.show_inspection(inspection)
        self._mark()

    @Slot(object)
    def _refuse(self, problem: Problem) -> None:
        self._inspection = None
        self._panel.show_message(problem.sentence, fault=True)
        self._mark()
        if problem.details:
            self._services.report(problem)

    @Slot(float, float)
    def _look(self, x: float, y: float) -> None:
        source = self._document.input
        if self.active and source is not None and 0 <= x < source.width and 0 <= y < source.height:
            self._pixel = (x, y)
            self._mark()

    @Slot()
    def _clear(self) -> None:
        self._pixel = None
        self._mark()

    @Slot()
    def _mark(self) -> None:
        """Mark what the selected layer sees around the pixel that was clicked, or nothing."""
        grid = self._grid()
        self._seen = self._receptive_field(grid)
        boxes = [] if self._seen is None or grid is None else field_boxes(self._seen, grid)
        self._view.set_boxes(boxes)
        if self._inspection is not None:
            self._panel.show_receptive_field(self._seen)

    def _grid(self) -> Grid | None:
        source, inspection = self._document.input, self._inspection
        if source is None or inspection is None:
            return None
        height, width = inspection.size
        return Grid(inspection.tile_size, width, height, source.width / width, source.height / height)

    def _receptive_field(self, grid: Grid | None) -> ReceptiveField | None:
        layer = self._panel.layer
        if (
            not self.active
            or grid is None
            or self._pixel is None
            or self._inspection is None
            or layer is None
        ):
            return None
        x, y = self._pixel
        return self._inspection.look(layer.node, (int(y / grid.pitch_y), int(x / grid.pitch_x)))

    @Slot()
    def _zoom(self) -> None:
        grid, view = self._grid(), self._view
        if self._seen is None or grid is None:
            return
        x, y, width, height, _, _ = grid.box(self._seen.field[0], self._seen.field[1], "", FIELD)
        ratio = view.devicePixelRatioF()
        view.zoom_to(
            SHARE_OF_VIEW * ratio * min(view.width() / max(width, 1), view.height() / max(height, 1))
        )
        view.center_on(x + width / 2, y + height / 2)

    @Slot(object, object)
    def _want_suggestion(self, budget: int, purpose: object) -> None:
        if (question := self._question()) is not None:
            self._suggestions.ask(question.network, question.size, budget, purpose)

    @Slot(object)
    def _set_tile_size(self, tile_size: int) -> None:
        self._draft.set(tile_size=tile_size)

    @Slot(object)
    def _set_tiling(self, suggestion: tuple[int, int]) -> None:
        tile_size, workers = suggestion
        self._draft.set(tile_size=tile_size, workers=workers)

    @Slot(str)
    def _set_network(self, name: str) -> None:
        self._draft.set(model=name)

    @Slot(object)
    def _say_no_suggestion(self, problem: Problem) -> None:
        self._panel.say(problem.sentence)
        if problem.details:
            self._services.report(problem)
