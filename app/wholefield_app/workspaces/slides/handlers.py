"""What the actions of the slides workspace do: dialogs, runs, and the command lines that do the same."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices

from wholefield.errors import SettingError, WholefieldError
from wholefield.tasks.slides.settings import PredictSettings
from wholefield_app.document.commands import command_of, info_command
from wholefield_app.panels.properties import Properties
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.slides.asking import (
    ask_for_class_export,
    ask_for_folder,
    ask_for_picture,
    ask_for_slide,
)
from wholefield_app.workspaces.slides.checkpoints import network_title
from wholefield_app.workspaces.slides.exporting import IMAGE
from wholefield_app.workspaces.slides.properties import describe_slide

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

INSPECTOR = "slides.inspector"
TRAINING_KEY = "training/settings"


class Handlers:
    """Carries out what the user asks of a workspace; what cannot be done is said in the banner."""

    def __init__(self, space: "SlidesWorkspace", services: Services) -> None:
        self._space = space
        self._services = services

    def ask_for_slide(self) -> None:
        """Let the user choose a slide."""
        if (path := ask_for_slide(self._space.central, self._services.settings.last_folder)) is not None:
            self._space.path_chosen.emit(path)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder of slides."""
        if (path := ask_for_folder(self._space.central, self._services.settings.last_folder)) is not None:
            self._space.open(path)

    def ask_to_save_picture(self) -> None:
        """Let the user choose where the picture of the view goes, and write it."""
        suggestion = self._services.settings.last_folder / f"{Path(self._space.title).stem}.png"
        if (path := ask_for_picture(self._space.central, suggestion)) is not None:
            self.save_picture(path)

    def save_picture(self, path: Path) -> None:
        """Write what the view shows into a PNG file."""
        if not self._space.desk.view.grab_view().save(str(path), "PNG"):
            self._services.report(Problem(f"{path} cannot be written; choose another folder or name."))

    def show_properties(self) -> None:
        """Show what is known of the open slide."""
        if self._space.desk.source is not None:
            source = self._space.desk.source
            dialog = Properties(source.name, describe_slide(source), self._space.central)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()

    def show_run_folder(self) -> None:
        """Open the folder of the last run in the system's file manager."""
        if self._space.training.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._space.training.folder)))

    def toggle_grid(self) -> None:
        """Show or hide the tile grid."""
        self._space.overlays.show_grid(not self._space.overlays.grid_shown)

    def toggle_map(self) -> None:
        """Show or hide the map of the prediction."""
        self._space.overlays.show_map(not self._space.overlays.map_shown)

    def toggle_inspector(self) -> None:
        """Bring the inspector into sight, or hide it."""
        self._space.panel_wanted.emit(INSPECTOR, not self._space.inspector.active)

    def start_training(self) -> None:
        """Train with the settings of the form; a setting that cannot work is said in the banner."""
        try:
            config = self._space.draft.settings()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        self._services.settings.set_json(TRAINING_KEY, config.to_json())
        what = f"{network_title(config)} on {config.slides}"
        self._space.training.start(config, self._space.draft.runs, what)

    def can_predict(self) -> bool:
        """Whether a slide is open, a model chosen and no prediction going on."""
        ready = self._space.desk.source is not None and self._space.prediction_panel.checkpoint is not None
        return ready and not self._space.prediction.session.state.active

    def predict(self) -> None:
        """Predict on the open slide with the chosen checkpoint."""
        if (config := self._predict_config()) is not None:
            self._space.prediction.start(config)

    def ask_to_export(self) -> None:
        """Let the user choose where the classes of the open slide go, and write them."""
        found = self._space.prediction.segmentation
        if found is None:
            return
        suggestion = self._services.settings.last_folder / f"{found.slide.stem}_classes{IMAGE}"
        if (path := ask_for_class_export(self._space.central, suggestion)) is not None:
            self._space.class_export.start(found, path)

    def train_command(self) -> str | None:
        """The command line that trains with the settings of the form."""
        try:
            return command_of(self._space.draft.settings())
        except WholefieldError:
            return None

    def predict_command(self) -> str | None:
        """The command line that predicts on the open slide."""
        config = self._predict_config()
        return command_of(config) if config is not None else None

    def info_command(self) -> str | None:
        """The command line that prints what is known of the open slide."""
        return info_command(self._space.desk.source.path) if self._space.desk.source is not None else None

    def _predict_config(self) -> PredictSettings | None:
        source, checkpoint = self._space.desk.source, self._space.prediction_panel.checkpoint
        if source is None or checkpoint is None:
            return None
        return PredictSettings(
            slide=source.path, checkpoint=checkpoint, tile_size=self._space.draft.value("tile_size")
        )
