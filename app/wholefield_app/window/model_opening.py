"""Models > Open: the dialogs, and where a model goes once it is open."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.sources import dialog_filter
from wholefield.sources.kinds import Kind
from wholefield_app.document.dialogs import ask_for_file, ask_for_folder
from wholefield_app.models import OpenedModel

if TYPE_CHECKING:
    from wholefield_app.window.main_window import MainWindow


class ModelOpening(QObject):
    """Opens models for a window, and chooses them in the workspace that their data fits."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._models = window.services.models
        self._models.opened.connect(self._use)

    def ask_for_file(self) -> None:
        """Let the user choose a file with a model."""
        filters = f"{dialog_filter(Kind.MODEL)};;All files (*)"
        path = ask_for_file(self._window, "Open a model", self._folder, filters)
        if path is not None:
            self._models.open(path)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder with a model."""
        if (path := ask_for_folder(self._window, "Open a folder with a model", self._folder)) is not None:
            self._models.open(path)

    @property
    def _folder(self) -> Path:
        recent = self._models.recent
        return recent[0].parent if recent else self._window.services.settings.last_folder

    @Slot(object)
    def _use(self, model: OpenedModel) -> None:
        """Choose a model where it can be used: in the workspace in sight if its data fits."""
        if self._window.workspace.name not in model.places:
            self._window.go_to(model.places[0])
        self._window.workspace.choose_model(model.path)
