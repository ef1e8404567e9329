"""The picture of the slides workspace: the real slide, its tile grid, a training under way, a map over the slide.

Run it with: python -m tests.e2e.slide_picture resources/screenshots/slides.png
"""

import sys
from pathlib import Path

from PySide6.QtGui import QImage

from tests.e2e.first_light import SLIDE, FirstLight, make_project
from tests.e2e.light import Wait
from tests.e2e.picture import main
from wholefield_app.window.main_window import MainWindow

SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"
EPOCHS, SHOWN_AFTER, LEARNING_RATE = 20, 8, 5e-4
PROJECT = Path("cmu")


def take(window: MainWindow, wait: Wait) -> QImage:
    """Train on the slide, predict, and grab the window while the training goes on."""
    light = FirstLight(window, wait)
    make_project(SLIDES / SLIDE, PROJECT)
    light.open(PROJECT)
    light.train(EPOCHS, LEARNING_RATE)
    light.wait_for_epochs(SHOWN_AFTER)
    light.predict()
    light.space.prediction.show_class(light.space.prediction.result.classes.index("epithelium"))
    light.wait_for_tiles(40)
    picture = window.grab().toImage()
    light.stop()
    return picture


if __name__ == "__main__":
    sys.exit(main(take))
