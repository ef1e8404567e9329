"""The actions of the window itself; those of the work at hand come from the workspace."""

from functools import partial
from typing import TYPE_CHECKING

from wholefield_app.actions import Action, Menu
from wholefield_app.document.entry import Entry
from wholefield_app.theme.theme import ThemeName

if TYPE_CHECKING:
    from wholefield_app.window.main_window import MainWindow


def window_actions(window: "MainWindow") -> list[Action]:
    """View, help and quit actions of `window`."""
    return [
        *_places(window),
        *_look(window),
        *_models(window),
        *_runs(window),
        *_help(window),
        *_file(window),
    ]


def entry_id(entry: Entry) -> str:
    """Id of the action that brings a workspace into sight."""
    return f"view.{entry.name}"


def _places(window: "MainWindow") -> list[Action]:
    return [
        Action(
            entry_id(entry), f"Go to {entry.label.lower()}", Menu.VIEW, partial(window.go_to, entry.name),
            entry.icon, entry.about, shortcut=f"Ctrl+{number}", group="workspaces",
            checked_when=partial(window.is_in, entry.name),
        )
        for number, entry in enumerate(window.entries, start=1)
    ]  # fmt: skip


def _models(window: "MainWindow") -> list[Action]:
    return [
        Action(
            "models.open", "&Open a model…", Menu.MODELS, window.model_opening.ask_for_file, "predict",
            "Choose a network: weights of a known architecture, .pt2, ONNX or a checkpoint; its card says what it is.",
            shortcut="Ctrl+Shift+M", group="open",
        ),
        Action(
            "models.open_folder", "Open a model &folder…", Menu.MODELS, window.model_opening.ask_for_folder, "folder",
            "Choose the folder of a network that is published as one.", group="open",
        ),
    ]  # fmt: skip


def _runs(window: "MainWindow") -> list[Action]:
    settings = window.services.settings
    return [
        Action(
            "runs.own_process", "Runs in processes of t&heir own", Menu.RUN, partial(_flip, window, "own_process"),
            "grid",
            "Train, predict and export in a process of its own: the window stays smooth, and a run survives it.",
            group="processes", checked_when=lambda: settings.own_process,
        ),
        Action(
            "runs.leave", "Keep runs &going when the window is closed", Menu.RUN, partial(_flip, window, "leave_runs"),
            "loop",
            "Close without a question: runs in processes of their own go on, and are shown again at the next start.",
            group="processes", checked_when=lambda: settings.leave_runs,
        ),
    ]  # fmt: skip


def _flip(window: "MainWindow", name: str) -> None:
    """Turn a setting that is on or off."""
    settings = window.services.settings
    setattr(settings, name, not getattr(settings, name))
    window.registry.refresh()


def _file(window: "MainWindow") -> list[Action]:
    return [
        Action(
            "window.quit", "&Quit", Menu.FILE, window.close_window, "quit", "Close the window and quit the program.",
            shortcut="Ctrl+Q", group="quit",
        )
    ]  # fmt: skip


def _look(window: "MainWindow") -> list[Action]:
    themes = window.services.themes
    return [
        Action(
            "view.dark", "&Dark theme", Menu.VIEW, window.use_dark, "moon", "Light text on a dark window.",
            group="theme", checked_when=lambda: themes.name is ThemeName.DARK,
        ),
        Action(
            "view.light", "&Light theme", Menu.VIEW, window.use_light, "sun", "Dark text on a light window.",
            group="theme", checked_when=lambda: themes.name is ThemeName.LIGHT,
        ),
        Action(
            "view.full_screen", "&Full screen", Menu.VIEW, window.toggle_full_screen, "full-screen",
            "Enter or leave full screen.",
            shortcut="F11", group="layout", checked_when=window.isFullScreen,
        ),
        Action(
            "view.reset_layout", "&Reset the panels", Menu.VIEW, window.reset_layout, "reset",
            "Restore the default layout of all panels.", group="layout",
        ),
    ]  # fmt: skip


def _help(window: "MainWindow") -> list[Action]:
    return [
        Action(
            "help.find", "&Find a command…", Menu.HELP, window.find_command, "search",
            "Type what you want to do and press Enter.",
            shortcut="Ctrl+Shift+P", group="find", on_toolbar=True,
        ),
        Action(
            "help.shortcuts", "Keyboard &shortcuts", Menu.HELP, window.show_shortcuts, "keyboard",
            "List all keyboard shortcuts.", shortcut="F1", group="find",
        ),
        Action(
            "help.about", "&About Wholefield", Menu.HELP, window.show_about, "info",
            "Show the version and purpose of the program.", group="about",
        ),
    ]  # fmt: skip
