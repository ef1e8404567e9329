"""The models that a workspace offers: those of earlier runs, those that were opened, and those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield_app.calls import DebouncedCall
from wholefield_app.runs.models import TrainedModel, list_models

if TYPE_CHECKING:
    from wholefield_app.document.document_workspace import DocumentWorkspace


class ModelsOnOffer(QObject):
    """Keeps the models in the prediction panel of a workspace up to date."""

    def __init__(self, space: DocumentWorkspace) -> None:
        super().__init__(space)
        self._space = space
        self._list = DebouncedCall(space.services.background, list_models, parent=self)
        self._list.answered.connect(self._take)
        self._list.failed.connect(space.services.report)
        self._finished: Path | None = None
        self._trained: list[TrainedModel] = []

    @property
    def busy(self) -> bool:
        """Whether models are being listed."""
        return self._list.busy

    def connect_panel(self) -> None:
        """Follow what the user chooses in the prediction panel, which is made by then."""
        panel = self._space.prediction_panel
        panel.model_changed.connect(self._show_card)
        panel.models.browsed.connect(self._take_file)

    def choose(self, path: Path) -> None:
        """Offer a model that was opened, and choose it."""
        self._offer()
        self._space.prediction_panel.models.choose(path)

    def drop(self) -> None:
        """Await no list any more."""
        self._list.drop()

    @Slot()
    def list_again(self) -> None:
        """Offer the models of earlier runs."""
        if (runs := self._space.runs) is not None:
            self._list.ask(runs, self._space.predict_task)

    @Slot()
    def list_finished(self) -> None:
        """The model of a run that has just ended is chosen."""
        self._finished = self._space.training.folder
        self.list_again()

    @Slot(object)
    def _take(self, models: list[TrainedModel]) -> None:
        finished, self._finished = self._finished, None
        self._trained = models
        self._offer()
        if finished is not None:
            self._space.prediction_panel.models.choose_run(finished)

    def _offer(self) -> None:
        """Put models of earlier runs and those that were opened on offer."""
        space = self._space
        opened = [model.offered for model in space.services.models.of(space.name)]
        known = {model.path for model in opened}
        trained = [model for model in self._trained if model.path not in known]
        space.prediction_panel.models.set_models([*trained, *opened, *space.shipped])

    @Slot()
    def _show_card(self) -> None:
        panel = self._space.prediction_panel
        model = self._space.services.models.find(panel.checkpoint)
        panel.card.show_lines(() if model is None else model.lines)

    @Slot(object)
    def _take_file(self, path: Path) -> None:
        """Choose a checkpoint of a run; anything else is opened first, to see what it is."""
        if path.suffix == ".ckpt":
            self._space.prediction_panel.models.choose(path)
        else:
            self._space.services.models.open(path)
