"""The actions that all workspaces with a document have; each says why it cannot be used when that is so."""

from collections.abc import Callable
from functools import partial

from wholefield_app.actions import Action, Menu
from wholefield_app.actions.action import Availability, requires
from wholefield_app.document import handlers
from wholefield_app.document.document_workspace import DocumentWorkspace
from wholefield_app.runs import RunSession, SessionState

NO_TRAINING = "No training is running."


def is_open(space: DocumentWorkspace) -> Callable[[], Availability]:
    """The condition that something is open."""
    return lambda: requires((space.document.input is not None, space.words.open_first))


def opening_actions(space: DocumentWorkspace) -> list[Action]:
    """Open a file, a folder, the demo."""
    name, words, noun = space.name, space.words, space.words.noun
    folder = Action(
        f"{name}.open_folder", "Open a &folder…", Menu.FILE, partial(handlers.ask_for_folder, space), "folder",
        words.folder_about, shortcut="Ctrl+Shift+O", group="open", on_toolbar=True,
    )  # fmt: skip
    return [
        Action(
            f"{name}.open", f"&Open a {noun}…", Menu.FILE, partial(handlers.ask_to_open, space), words.open_icon,
            words.open_about, shortcut="Ctrl+O", group="open", on_toolbar=True,
        ),
        *([folder] if words.folder_about else []),
        Action(
            f"{name}.open_as", "Open &as…", Menu.FILE, partial(handlers.ask_to_open_as, space), words.open_icon,
            "Choose a file of any format and how it is read: its kind, size, type, units.",
            shortcut="Ctrl+Alt+O", group="open",
        ),
        Action(
            f"{name}.open_demo", f"Open the &demo {words.demo}", Menu.FILE, space.open_demo, "demo", words.demo_about,
            group="open", enabled_when=lambda: requires((not space.demo.busy, "The demo is already being created.")),
        ),
    ]  # fmt: skip


def file_actions(space: DocumentWorkspace) -> list[Action]:
    """What is known of the open file, its export, a picture of it, and its end."""
    name, words, noun, export = space.name, space.words, space.words.noun, space.export
    return [
        Action(
            f"{name}.properties", f"{noun.capitalize()} &properties", Menu.FILE,
            partial(handlers.show_properties, space), "info", words.properties_about, shortcut="Ctrl+I", group="file",
            enabled_when=is_open(space), command=partial(handlers.properties_command, space),
        ),
        Action(
            f"{name}.read_anew", "Read differentl&y…", Menu.FILE, partial(handlers.read_anew, space),
            words.open_icon, f"Choose another series, volume, time or way to read the open {noun}.",
            shortcut="Ctrl+Alt+R", group="file", enabled_when=is_open(space),
        ),
        Action(
            f"{name}.export", words.export, Menu.FILE, space.ask_to_export, "export", words.export_about,
            shortcut="Ctrl+E", group="file", enabled_when=space.can_export, command=space.export_command,
        ),
        Action(
            f"{name}.cancel_export", "Ca&ncel the export", Menu.FILE, space.cancel_export, "close",
            words.cancel_export_about, group="file",
            enabled_when=lambda: requires((_can_be_ended(export), "No export is running.")),
        ),
        Action(
            f"{name}.save_picture", f"&Save the {words.picture} as an image…", Menu.FILE,
            partial(handlers.ask_to_save_picture, space), "picture", words.picture_about,
            shortcut="Ctrl+S", group="file", enabled_when=is_open(space), command=space.picture_command,
        ),
        Action(
            f"{name}.close", f"&Close the {noun}", Menu.FILE, space.close_document, "close",
            f"Close the {noun} and show the start page.", shortcut="Ctrl+W", group="file", enabled_when=is_open(space),
        ),
    ]  # fmt: skip


def zoom_actions(space: DocumentWorkspace) -> list[Action]:
    """Show all, more or less of it."""
    name, words = space.name, space.words
    return [
        Action(
            f"{name}.{verb}", title, Menu.VIEW, handler, icon, about, shortcut=shortcut, group="zoom",
            enabled_when=is_open(space), on_toolbar=True,
        )
        for verb, title, handler, icon, about, shortcut in (
            ("fit", words.whole, space.canvas.fit, "fit", words.whole_about, "Ctrl+0"),
            ("zoom_in", "Zoom i&n", space.canvas.zoom_in, "zoom-in", "Magnify the center of the view.", "Ctrl++"),
            ("zoom_out", "Zoom o&ut", space.canvas.zoom_out, "zoom-out", words.zoom_out_about, "Ctrl+-"),
        )
    ]  # fmt: skip


def training_actions(space: DocumentWorkspace) -> list[Action]:
    """Start, pause and end a training, and look at its folder."""
    name, training = space.name, space.training
    running, paused = (SessionState.RUNNING,), (SessionState.PAUSED,)

    def when(states: tuple[SessionState, ...], reason: str) -> Callable[[], Availability]:
        return lambda: requires((training.state in states, reason))

    return [
        Action(
            f"{name}.start", "&Start training", Menu.RUN, partial(handlers.start_training, space), "start",
            "Train the network with the settings of the training panel.", shortcut="F5", group="training",
            enabled_when=when((SessionState.IDLE,), "Training is already running."), on_toolbar=True,
            command=partial(handlers.train_command, space),
        ),
        Action(
            f"{name}.pause", "Pa&use", Menu.RUN, training.pause, "pause", space.words.pause_about, shortcut="F6",
            group="training", enabled_when=when(running, NO_TRAINING), on_toolbar=True,
        ),
        Action(
            f"{name}.resume", "&Resume", Menu.RUN, training.resume, "start", "Resume the paused training.",
            shortcut="F7", group="training", enabled_when=when(paused, "No training is paused."), on_toolbar=True,
            replaces=f"{name}.pause",
        ),
        Action(
            f"{name}.stop", "Stop and &keep", Menu.RUN, training.stop_and_keep, "stop-keep",
            "Stop the training now and keep the model.", shortcut="F8", group="training",
            enabled_when=when(running + paused, NO_TRAINING), on_toolbar=True,
        ),
        Action(
            f"{name}.discard", "D&iscard", Menu.RUN, training.discard, "discard",
            "Stop the training now and remove its results.", group="training",
            enabled_when=when((*running, *paused, SessionState.STOPPING), NO_TRAINING),
        ),
        Action(
            f"{name}.show_folder", "Show the run &folder", Menu.RUN, partial(handlers.show_run_folder, space),
            "folder", "Open the folder with settings, metrics, checkpoints and log of the last run.", group="folder",
            enabled_when=lambda: requires((training.folder is not None, "Train a network first.")),
        ),
    ]  # fmt: skip


def predict_action(space: DocumentWorkspace) -> Action:
    """Use the chosen model on what is open."""
    return Action(
        f"{space.name}.predict", space.words.predict, Menu.RUN, space.predict, "predict", space.words.predict_about,
        shortcut="F9", group="prediction", on_toolbar=True, enabled_when=space.can_predict,
        command=partial(handlers.predict_command, space),
    )  # fmt: skip


def can_predict(space: DocumentWorkspace, session: RunSession | None = None) -> Availability:
    """Whether something is open, a model chosen, and no prediction running in the session that predictions have."""
    return requires(
        (space.document.input is not None, space.words.open_first),
        (space.prediction_panel.checkpoint is not None, "Train a network or choose a checkpoint file first."),
        (session is None or not session.state.active, "A prediction is already running."),
    )


def cancel_action(space: DocumentWorkspace, session: RunSession) -> Action:
    """End a prediction."""
    return Action(
        f"{space.name}.cancel_prediction", "Cancel the predictio&n", Menu.RUN, session.discard, "close",
        "Cancel the current prediction.", group="prediction",
        enabled_when=lambda: requires((session.state.active, "No prediction is running.")),
    )  # fmt: skip


def _can_be_ended(session: RunSession) -> bool:
    return session.state in (SessionState.RUNNING, SessionState.PAUSED)
