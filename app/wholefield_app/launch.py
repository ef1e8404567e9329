"""Starts the window: arguments, display, application; the window appears before anything else is loaded."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication

from wholefield_app.first_steps import FirstSteps
from wholefield_app.qt_messages import log_qt_messages
from wholefield_app.settings import FORMER_NAME, Settings, take_over
from wholefield_app.theme.icons import window_icon
from wholefield_app.theme.manager import ThemeManager
from wholefield_app.theme.theme import ThemeName
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces import ENTRIES

NO_DISPLAY = (
    "Wholefield needs a display to show its window, and there is none (neither DISPLAY nor WAYLAND_DISPLAY is set). "
    "Start it in a desktop session, or save a screenshot of the window with: "
    "python -m wholefield_app --demo --screenshot out.png"
)

SWITCH_INTERVAL_S = 0.001


def launch(arguments: Sequence[str]) -> int:
    """Open the window and run until it is closed; returns the exit status."""
    options = parse(arguments)
    if _display_missing():
        if options.screenshot is None:
            print(NO_DISPLAY, file=sys.stderr)
            return 1
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    window = make_frame(application, options.theme)
    FirstSteps(window, options)
    window.show()
    if options.screenshot is not None:
        from wholefield_app.screenshot import Screenshot

        screenshot = Screenshot(window, options.screenshot)
        screenshot.begin()
    return application.exec()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the window."""
    parser = argparse.ArgumentParser(
        prog="wholefield",
        description="Exact deep learning on images that do not fit in memory.",
        epilog="Without the window: wholefield train, predict, info, inspect and more; each has its own --help.",
    )
    parser.add_argument("file", nargs="?", type=Path, help="a file or folder to open")
    names = [entry.name for entry in ENTRIES]
    parser.add_argument("--workspace", choices=names, help="workspace to open; the last one used by default")
    parser.add_argument(
        "--demo", action="store_true", help="open the demo of the workspace; created if needed"
    )
    parser.add_argument("--theme", type=ThemeName, choices=list(ThemeName), help="colors of the window")
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="PNG",
        help="save a screenshot of the window and quit; needs no display",
    )
    return parser.parse_args(arguments)


def make_application() -> QApplication:
    """The Qt application with its name and icon; its messages go to the log."""
    QCoreApplication.setOrganizationName("Wholefield")
    QCoreApplication.setApplicationName("Wholefield")
    application = QApplication(["wholefield"])
    application.setWindowIcon(window_icon())
    log_qt_messages()
    # A thread that trains keeps Python's lock for this long when the window asks for it; the default is 5 ms.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return application


def make_window(
    application: QApplication, theme: ThemeName | None, store: QSettings | None = None
) -> MainWindow:
    """As `make_frame`, with the workspace of the last start in sight."""
    window = make_frame(application, theme, store)
    window.enter()
    return window


def make_frame(
    application: QApplication, theme: ThemeName | None, store: QSettings | None = None
) -> MainWindow:
    """The main window, not yet shown, without a workspace.

    Args:
        application: The Qt application.
        theme: Colors for this start, or None for those of the last.
        store: Where settings are remembered; by default where the system keeps them.
    """
    if store is None:
        store = QSettings()
        take_over(QSettings(FORMER_NAME, FORMER_NAME), store)
    settings = Settings(store, application)
    themes = ThemeManager(application, theme or settings.theme, application)
    return MainWindow(settings, themes, ENTRIES)


def _display_missing() -> bool:
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
