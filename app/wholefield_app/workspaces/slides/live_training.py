"""Training from strokes while they are drawn: begins it, tells it what is looked at, and shows its map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import EpochDone, RegionPredicted, Report, Started, StrokesJudged, WrongPlace
from wholefield.sources.rect import Rect
from wholefield.tasks.registry import settings_of
from wholefield.tasks.slides.settings import PredictSettings
from wholefield.tasks.slides.strokes.requests import View, request_view
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.calls import ConflatedCall
from wholefield_app.document import handlers
from wholefield_app.runs import SessionState
from wholefield_app.viewer.slides.live_map import Color, LiveMapLayer

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

PANEL = "slides.live"
REST_MS = 200
UNKNOWN = (150, 150, 150)
# A place that is visited takes this share of the view.
VISITED_SHARE = 0.25


class LiveTraining(QObject):
    """One training from strokes of the open slide.

    Attributes:
        layer: The map.
        classes: Names of the classes that are learned; empty before the first training.
        judged: How the held-out strokes are predicted; None while there is nothing to say.
        epoch: Epochs done.
        dice: Mean Dice of the held-out strokes; None while there are none.
        began: When the training began, on the monotonic clock; None where none is going on.

    Signals:
        changed: Any of these has changed.
        look_changed: The map may look different; the list of layers changes its look, too.
    """

    changed = Signal()
    look_changed = Signal()

    def __init__(self, space: SlidesWorkspace) -> None:
        super().__init__(space)
        self._space = space
        self.layer = LiveMapLayer()
        space.view.add_layer(self.layer)
        space.view.layers_changed.connect(self.look_changed)
        self.classes: tuple[str, ...] = ()
        self.judged: StrokesJudged | None = None
        self.epoch = 0
        self.dice: float | None = None
        self.began: float | None = None
        self._slide: Path | None = None
        self._folder: RunFolder | None = None
        self._requests = ConflatedCall(space.services.background, request_view, self)
        self._requests.failed.connect(space.services.report)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._request)
        space.view.view_changed.connect(self._rest.start)
        space.training.reported.connect(self._follow)
        space.training.state_changed.connect(self._follow_state)
        space.document.changed.connect(self._look_at)
        space.prediction.changed.connect(self._give_way)

    @property
    def running(self) -> bool:
        """Whether a training from strokes is going on."""
        return self.began is not None

    @property
    def checkpoint(self) -> Path | None:
        """The newest model of the training on the open slide."""
        found = None if self._folder is None or not self.epoch else self._folder.last
        return found if self._slide is not None and self._slide == self._space.document.path else None

    def actions(self) -> list[Action]:
        """What a user can do with a training from strokes."""
        return [
            Action(
                "slides.train_live", "&Train live", Menu.LABEL, self.toggle, "start",
                "Train on the strokes while you draw, and see the map of what is in view; once more to stop and keep.",
                shortcut="Ctrl+T", group="training", enabled_when=self._can_train, checked_when=lambda: self.running,
            ),
            Action(
                "slides.predict_everything", "Predict e&verything", Menu.LABEL, self.predict_everything, "predict",
                "Predict the whole slide with the newest model of the live training.", group="training",
                enabled_when=self._can_predict,
            ),
        ]  # fmt: skip

    def toggle(self) -> None:
        """Begin a training on the strokes, or stop the one that is going on and keep its model."""
        space, labels = self._space, self._space.labeling.labels
        if self.running:
            space.training.stop_and_keep()
            return
        labels.save_now()
        space.draft.set(slide=space.document.path, strokes=labels.path)
        space.draft.use_task(StrokesSettings.task)
        handlers.start_training(space)
        space.panel_wanted.emit(PANEL, True)
        self.changed.emit()

    def predict_everything(self) -> None:
        """Predict the whole slide with the newest model; the map gives way to the result."""
        slide, checkpoint = self._slide, self.checkpoint
        if slide is not None and checkpoint is not None:
            draft = self._space.draft
            self._space.prediction.predict(
                PredictSettings(
                    slide=slide, checkpoint=checkpoint, tile_size=draft.tiling[0], workers=draft.workers
                )
            )

    def visit(self, place: WrongPlace) -> None:
        """Bring a place to the middle of the view, large enough to see."""
        view, (x, y, width, height) = self._space.view, place.box
        seen = view.visible_rect()
        view.zoom_to(view.scale * VISITED_SHARE * min(seen.width() / width, seen.height() / height))
        view.center_on(x + width / 2, y + height / 2)

    def set_opacity(self, opacity: float) -> None:
        """Set how opaque the map is where the network is sure, 0 to 1."""
        self._space.view.change_layer(self.layer, opacity=opacity)

    def show_map(self, shown: bool) -> None:
        """Show or hide the map."""
        self._space.view.change_layer(self.layer, visible=shown)

    def _can_train(self) -> Availability:
        space = self._space
        labels, state = space.labeling.labels, space.training.state
        if self.running:
            return requires(
                (state in (SessionState.RUNNING, SessionState.PAUSED), "The training is about to end.")
            )
        return requires(
            (labels.ready, "Open a slide first; its labels must have been read."),
            (
                len(labels.used - {0}) > 1,
                "Draw strokes of at least two classes first, such as cells and background.",
            ),
            (not state.active, "Another training is running; stop it first."),
        )

    def _can_predict(self) -> Availability:
        return requires(
            (self.checkpoint is not None, "Train live on this slide first, for an epoch at least."),
            (not self._space.prediction.state.active, "A prediction is already running."),
        )

    @Slot(list)
    def _follow(self, reports: list[Report]) -> None:
        news = False
        for report in reports:
            if isinstance(report, Started) and report.task == StrokesSettings.task:
                self._begin(report)
                news = True
            elif self.running and isinstance(report, RegionPredicted):
                self._paint(report)
            elif self.running and isinstance(report, StrokesJudged | EpochDone):
                self._take(report)
                news = True
        if news:
            self.changed.emit()

    def _begin(self, report: Started) -> None:
        self.classes, self._folder = report.classes, RunFolder(report.folder)
        # A run may have been begun by another window.
        settings = settings_of(self._folder)
        self._slide = settings.slide if isinstance(settings, StrokesSettings) else None
        self.judged, self.dice, self.epoch, self.began = None, None, 0, time.monotonic()
        self.layer.begin([self._color(name) for name in report.classes])
        self._space.view.change_layer(self.layer, visible=True)
        self._space.prediction.clear()
        self._request()

    def _take(self, report: StrokesJudged | EpochDone) -> None:
        if isinstance(report, StrokesJudged):
            self.judged = report
        else:
            self.epoch = report.epoch
            self.dice = report.metrics.get("validation_dice")

    def _paint(self, report: RegionPredicted) -> None:
        if report.slide == self._space.document.path:
            self.layer.add(report)
            self._space.view.update()

    def _color(self, name: str) -> Color:
        classes = self._space.labeling.labels.classes
        return next((each.color for each in classes if each.name == name), UNKNOWN)

    @Slot(object)
    def _follow_state(self, state: SessionState) -> None:
        if not state.active and self.running:
            self.began = None
            self.changed.emit()

    @Slot()
    def _look_at(self) -> None:
        """Another slide is open: the map of the one before is not its map."""
        if self._space.document.path != self._slide:
            self.layer.begin(())
            self._space.view.change_layer(self.layer)
        self._request()

    @Slot()
    def _give_way(self) -> None:
        """Where all of the slide is predicted, the map of a part of it is hidden."""
        if self._space.prediction.result is not None:
            self.show_map(False)

    @Slot()
    def _request(self) -> None:
        """Tell the training what is looked at."""
        if not self.running or self._folder is None:
            return
        seen = self._space.view.visible_rect()
        view = None
        if self._space.document.path == self._slide and not seen.isEmpty():
            box = Rect(seen.x(), seen.y(), seen.width(), seen.height())
            view = View(box, max(1 / self._space.view.scale, 1.0))
        self._requests.ask(self._folder, view)
