"""Writes the picture of the README: the real slide, its tile grid, a training under way, a map over the slide.

Run it with: python -m tests.e2e.picture resources/screenshots/slides.png
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
from tests.e2e.first_light import SLIDE, FirstLight, make_project, wait_by_qt

SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"
SIZE = (1600, 1000)
EPOCHS, SHOWN_AFTER, LEARNING_RATE = 20, 8, 5e-4
# Relative, so that the picture shows no path of the machine it was taken on.
PROJECT = Path("cmu")
GIVE_UP_SECONDS = 600
SMALLEST = 0


def main(arguments: list[str]) -> int:
    """Write the picture to the path given; a second argument names the theme."""
    if not arguments:
        print("usage: python -m tests.e2e.picture OUT.png [dark|light]", file=sys.stderr)
        return 2
    theme = ThemeName(arguments[1]) if len(arguments) > 1 else ThemeName.DARK
    target = Path(arguments[0]).absolute()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        picture = take(Path(folder), theme)
    target.parent.mkdir(parents=True, exist_ok=True)
    return 0 if picture.save(str(target), "PNG", SMALLEST) else 1


def take(folder: Path, theme: ThemeName) -> QImage:
    """Do the main job in the window and grab it while the training goes on; `folder` is the working folder."""
    application = make_application()
    window = make_window(
        application, theme, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    )
    window.resize(*SIZE)
    window.show()

    light = FirstLight(window, wait_by_qt(GIVE_UP_SECONDS))
    make_project(SLIDES / SLIDE, PROJECT)
    light.open(PROJECT)
    light.train(EPOCHS, LEARNING_RATE)
    light.wait_for_epochs(SHOWN_AFTER)
    light.predict()
    light.space.prediction.show_class(light.space.prediction.result.classes.index("epithelium"))
    light.wait_for_tiles(40)
    picture = window.grab().toImage()
    light.stop()
    window.close()
    return picture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
