"""Writes the picture of the stacks workspace: the demo scan behind a swipe handle, its training, preview and curves.

Run it with: python -m tests.e2e.stack_picture resources/screenshots/stacks.png
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage

from app.launch import make_application, make_window
from app.theme.theme import ThemeName
from resources.demo.stack import StackDemoSettings
from tests.e2e.first_light import wait_by_qt
from tests.e2e.picture import GIVE_UP_SECONDS, SIZE, SMALLEST
from tests.e2e.stack_light import StackLight

DEPTH, EPOCHS, CROP, SHOWN_AFTER = 20, 30, 96, 12
# Relative, so that the picture shows no path of the machine it was taken on.
DEMO = Path("rock")


def main(arguments: list[str]) -> int:
    """Write the picture to the path given; a second argument names the theme."""
    if not arguments:
        print("usage: python -m tests.e2e.stack_picture OUT.png [dark|light]", file=sys.stderr)
        return 2
    theme = ThemeName(arguments[1]) if len(arguments) > 1 else ThemeName.DARK
    target = Path(arguments[0]).absolute()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        picture = take(Path(folder), theme)
    target.parent.mkdir(parents=True, exist_ok=True)
    return 0 if picture.save(str(target), "PNG", SMALLEST) else 1


def take(folder: Path, theme: ThemeName) -> QImage:
    """Do the job in the window and grab it while the training goes on; `folder` is the working folder."""
    application = make_application()
    window = make_window(
        application, theme, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    )
    window.resize(*SIZE)
    window.show()
    light = StackLight(window, wait_by_qt(GIVE_UP_SECONDS))
    light.open_demo(DEMO, StackDemoSettings())
    light.train(DEPTH, EPOCHS, CROP)
    light.wait_for_previews(SHOWN_AFTER)
    light.predict()
    light.wait_for_previews(len(light.previews) + 1)
    picture = window.grab().toImage()
    light.stop()
    window.close()
    return picture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
