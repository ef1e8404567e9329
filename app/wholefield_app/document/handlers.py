"""What the actions do that all workspaces have: dialogs, runs, and the command lines that do the same."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices

from wholefield.errors import SettingError, WholefieldError
from wholefield_app.background import Task
from wholefield_app.document import dialogs
from wholefield_app.document.commands import command_of, info_command
from wholefield_app.document.document_workspace import DocumentWorkspace
from wholefield_app.opening.unanswered import Unanswered
from wholefield_app.panels.properties import Properties
from wholefield_app.problems import Problem

ANEW = "Choose another volume, series or time of {name}, or another way to read it."


def ask_to_open(space: DocumentWorkspace) -> None:
    """Let the user choose a file."""
    start, filters = space.services.settings.last_folder, dialogs.open_filters(space.entry.kind)
    path = dialogs.ask_for_file(space.central, f"Open a {space.words.noun}", start, filters)
    if path is not None:
        space.path_chosen.emit(path)


def ask_for_folder(space: DocumentWorkspace) -> None:
    """Let the user choose a folder."""
    start = space.services.settings.last_folder
    if (path := dialogs.ask_for_folder(space.central, "Open a folder", start)) is not None:
        space.open(path)


def ask_to_open_as(space: DocumentWorkspace) -> None:
    """Let the user choose a file, and how it is read."""
    start = space.services.settings.last_folder
    if (path := dialogs.ask_for_file(space.central, "Open as", start, "All files (*)")) is not None:
        space.ask_to_open_as(path)


def read_anew(space: DocumentWorkspace) -> None:
    """Let the user change how the open file is read."""
    if (path := space.document.path) is not None:
        sentence = ANEW.format(name=path.name)
        space.ask_how_to_read(Unanswered(path, space.entry.kind, sentence, reading=space.document.reading))


def show_properties(space: DocumentWorkspace) -> None:
    """Show what is known of the open file."""
    if space.document.input is not None:
        document, services = space.document, space.services
        dialog = Properties(space.title, document.properties(), services.themes.theme, space.central)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if document.typed_spacing is not None:
            dialog.ask_for_spacing(document.typed_spacing)
            dialog.spacing_typed.connect(document.respace)
        if (read := document.small_pictures()) is not None:
            task = services.background.run(read, then=dialog.show_pictures, failed=services.report)
            # Called without an argument, and never once the dialog has gone.
            dialog.finished.connect(partial(_cancel, task))
        dialog.show()


def _cancel(task: Task, result: int) -> None:
    del result
    task.cancel()


def properties_command(space: DocumentWorkspace) -> str | None:
    """The command line that prints what is known of the open file."""
    path = space.document.path
    return info_command(path, space.document.reading) if path is not None else None


def ask_to_save_picture(space: DocumentWorkspace) -> None:
    """Let the user choose where the picture of the view goes, and write it."""
    suggestion = space.services.settings.last_folder / f"{Path(space.title).stem}.png"
    title = f"Save the {space.words.picture} as an image"
    path = dialogs.ask_for_picture(space.central, title, suggestion)
    if path is not None and not space.view.grab_view().save(str(path), "PNG"):
        space.services.report(Problem(f"{path} cannot be written; choose another folder or name."))


def start_training(space: DocumentWorkspace) -> None:
    """Train with the settings of the draft; a setting that cannot work is said in the banner."""
    try:
        settings = space.draft.settings()
    except SettingError as error:
        space.services.report(Problem(str(error)))
        return
    if (runs := space.runs) is not None:
        space.services.settings.set_json(space.settings_key, settings.to_json())
        space.training.begin(settings, runs)


def train_command(space: DocumentWorkspace) -> str | None:
    """The command line that trains with the settings of the draft."""
    try:
        return command_of(space.draft.settings())
    except WholefieldError:
        return None


def show_run_folder(space: DocumentWorkspace) -> None:
    """Open the folder of the last run in the system's file manager."""
    if space.training.folder is not None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(space.training.folder)))


def predict_command(space: DocumentWorkspace) -> str | None:
    """The command line that predicts on the open file."""
    settings = space.predict_settings()
    return command_of(settings) if settings is not None else None
