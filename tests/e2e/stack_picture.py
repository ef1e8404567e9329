"""The picture of the stacks workspace: the demo scan behind a swipe handle, its training, preview and curves.

Run it with: python -m tests.e2e.stack_picture resources/screenshots/stacks.png
"""

import sys
from pathlib import Path

from PySide6.QtGui import QImage

from tests.e2e.light import Wait
from tests.e2e.picture import main
from tests.e2e.stack_light import StackLight
from wholefield_app.window.main_window import MainWindow
from wholefield_resources.demo.stack import StackDemoSettings

DEPTH, EPOCHS, CROP, SHOWN_AFTER = 20, 30, 96, 12
DEMO = Path("rock")


def take(window: MainWindow, wait: Wait) -> QImage:
    """Train on the demo stack, predict, and grab the window while the training goes on."""
    light = StackLight(window, wait)
    light.open_demo(DEMO, StackDemoSettings())
    light.train(DEPTH, EPOCHS, CROP)
    light.wait_for_previews(SHOWN_AFTER)
    light.predict()
    light.wait_for_previews(len(light.previews) + 1)
    picture = window.grab().toImage()
    light.stop()
    return picture


if __name__ == "__main__":
    sys.exit(main(take))
