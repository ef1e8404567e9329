"""What the actions of the stacks workspace do: dialogs, runs, and the command lines that do the same."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from wholefield.errors import SettingError, WholefieldError
from wholefield.tasks.stacks.settings import StackPredictSettings
from wholefield_app.document.commands import command_of, info_command
from wholefield_app.forms.draft import RUNS
from wholefield_app.panels.properties import Properties
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.stacks.asking import (
    ask_for_export,
    ask_for_picture,
    ask_for_slices,
    ask_for_stack,
)
from wholefield_app.workspaces.stacks.checkpoints import title_of
from wholefield_app.workspaces.stacks.datasets import DatasetDialog
from wholefield_app.workspaces.stacks.exporting import config_of
from wholefield_app.workspaces.stacks.opening import DatasetChoice, OpenStack, Role
from wholefield_app.workspaces.stacks.properties import describe_stack

if TYPE_CHECKING:
    from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

TRAINING_KEY = "stacks/training"
PREVIEW = "stacks.preview"
TRAINING = "stacks.training"


class Handlers(QObject):
    """Carries out what the user asks of a workspace; what cannot be done is said in the banner."""

    def __init__(self, space: "StacksWorkspace", services: Services) -> None:
        super().__init__(space)
        self._space = space
        self._services = services

    def ask_for_stack(self) -> None:
        """Let the user choose a stack."""
        path = ask_for_stack(self._space.central, "Open a stack", self._services.settings.last_folder)
        if path is not None:
            self._space.path_chosen.emit(path)

    def ask_for_slices(self) -> None:
        """Let the user choose a folder of slices."""
        path = ask_for_slices(self._space.central, self._services.settings.last_folder)
        if path is not None:
            self._space.open(path)

    def ask_for_target(self) -> None:
        """Let the user choose a target or label stack for the open one."""
        if (stack := self._space.desk.input) is not None:
            start = stack.source.path.parent
            path = ask_for_stack(self._space.central, f"Pair {stack.source.name} with a target", start)
            if path is not None:
                self._space.desk.open(path, Role.TARGET)

    def ask_for_target_slices(self) -> None:
        """Let the user choose a folder with target or label slices for the open stack."""
        if (stack := self._space.desk.input) is not None:
            path = ask_for_slices(self._space.central, stack.source.path.parent)
            if path is not None:
                self._space.desk.open(path, Role.TARGET)

    @Slot(object)
    def ask_for_dataset(self, choice: DatasetChoice) -> None:
        """Let the user choose one of the volumes of a file."""
        dialog = DatasetDialog(choice, self._space.central)
        dialog.chosen.connect(self.open_dataset)
        dialog.scan_chosen.connect(self.take_scan)
        dialog.open()

    @Slot(object, str)
    def open_dataset(self, choice: DatasetChoice, name: str) -> None:
        """Open one of the volumes of a file."""
        self._space.desk.open(choice.path, choice.role, name)

    @Slot(object)
    def take_scan(self, path: Path) -> None:
        """Put a scan into the training form, to be reconstructed and denoised."""
        self._space.draft.set_scan(path)
        self._space.panel_wanted.emit(TRAINING, True)

    def ask_to_export(self) -> None:
        """Let the user choose where the prediction, or the input while there is none, is written."""
        if (stack := self.exported()) is None:
            return
        path = ask_for_export(self._space.central, self._export_path(stack))
        if path is not None:
            self._space.exporting.start(stack, path)

    def exported(self) -> OpenStack | None:
        """What an export writes: the prediction, or the input while there is none."""
        stacks = self._space.desk.stacks
        return stacks.get(Role.PREDICTION) or stacks.get(Role.INPUT)

    def ask_to_save_picture(self) -> None:
        """Let the user choose where the picture of the view goes, and write it."""
        suggestion = self._services.settings.last_folder / f"{Path(self._space.title).stem}.png"
        path = ask_for_picture(self._space.central, suggestion)
        if path is not None and not self._space.view.grab_view().save(str(path), "PNG"):
            self._services.report(Problem(f"{path} cannot be written; choose another folder or name."))

    def show_properties(self) -> None:
        """Show what is known of the open stack."""
        if (stack := self._space.desk.input) is not None:
            dialog = Properties(stack.source.name, describe_stack(stack), self._space.central)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()

    def show_run_folder(self) -> None:
        """Open the folder of the last run in the system's file manager."""
        if self._space.training.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._space.training.folder)))

    def start_training(self) -> None:
        """Train with the settings of the form; a setting that cannot work is said in the banner."""
        draft = self._space.draft
        try:
            config = draft.settings()
        except SettingError as error:
            self._services.report(Problem(str(error)))
            return
        self._services.settings.set_json(TRAINING_KEY, config.to_json())
        self._space.panel_wanted.emit(PREVIEW, True)
        self._space.training.start(config, draft.runs, title_of(config))

    def can_predict(self) -> bool:
        """Whether a stack is open, a model chosen and no prediction going on."""
        return self._predict_config() is not None and not self._space.prediction.session.state.active

    def predict(self) -> None:
        """Predict the open stack with the chosen checkpoint."""
        if (config := self._predict_config()) is not None:
            runs = self._space.draft.runs_folder or config.stack.parent / RUNS
            self._space.prediction.start(config, runs)

    def train_command(self) -> str | None:
        """The command line that trains with the settings of the form."""
        try:
            return command_of(self._space.draft.settings())
        except WholefieldError:
            return None

    def predict_command(self) -> str | None:
        """The command line that predicts the open stack."""
        config = self._predict_config()
        return command_of(config) if config is not None else None

    def export_command(self) -> str | None:
        """The command line that writes what an export writes, under the name that is suggested for it."""
        stack = self.exported()
        return command_of(config_of(stack, self._export_path(stack))) if stack is not None else None

    def info_command(self) -> str | None:
        """The command line that prints what is known of the open stack."""
        stack = self._space.desk.input
        return info_command(stack.source.path) if stack is not None else None

    def _predict_config(self) -> StackPredictSettings | None:
        stack, checkpoint = self._space.desk.input, self._space.prediction_panel.checkpoint
        if stack is None or checkpoint is None:
            return None
        source = stack.source
        return StackPredictSettings(stack=source.path, dataset=source.dataset, checkpoint=checkpoint)

    def _export_path(self, stack: OpenStack) -> Path:
        """The name that is suggested for an export."""
        name = stack.source.name.split(".")[0] or "stack"
        path = self._services.settings.last_folder / f"{name}.tif"
        return path if path != stack.source.path else path.with_name(f"{name}_export.tif")
