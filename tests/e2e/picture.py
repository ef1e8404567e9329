"""Takes a picture for the README: opens the window, has a job done in it, writes what it looks like then."""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage

from tests.e2e.light import Wait, wait_by_qt
from wholefield_app.launch import make_application, make_window
from wholefield_app.theme.theme import ThemeName
from wholefield_app.window.main_window import MainWindow

SIZE = (1600, 1000)
GIVE_UP_SECONDS = 600
SMALLEST = 0
QUIET_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def main(take: Callable[[MainWindow, Wait], QImage]) -> int:
    """Take the picture that the command line asks for.

    Args:
        take: Does the job in the window and grabs it; the working folder is empty, and is removed afterwards.
    """
    parser = argparse.ArgumentParser(description=take.__doc__)
    parser.add_argument("out", type=Path, help="the PNG file to write")
    parser.add_argument("theme", nargs="?", type=ThemeName, choices=list(ThemeName), default=ThemeName.DARK)
    options = parser.parse_args()
    target = options.out.absolute()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name, value in QUIET_THREADS.items():
        os.environ.setdefault(name, value)
    application = make_application()
    # Paths are relative, so that the picture shows none of the machine it was taken on.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        window = make_window(
            application, options.theme, QSettings("settings.ini", QSettings.Format.IniFormat)
        )
        window.resize(*SIZE)
        window.show()
        picture = take(window, wait_by_qt(GIVE_UP_SECONDS))
        window.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    return 0 if picture.save(str(target), "PNG", SMALLEST) else 1
