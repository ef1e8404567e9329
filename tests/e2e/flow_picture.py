"""The picture of the events workspace: the demo recording, a network that learns its flow, the score card.

Run it with: python -m tests.e2e.flow_picture resources/screenshots/events.png
"""

import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage

from tests.e2e.flow_light import FlowLight
from tests.e2e.light import Wait
from tests.e2e.picture import main
from wholefield.tasks.events.settings import Teacher
from wholefield_app.viewer.events.style import FlowMode
from wholefield_app.window.main_window import MainWindow
from wholefield_resources.demo.events import EventDemoSettings

DEMO = EventDemoSettings()
TRAINING = {
    "delta_t": DEMO.scene.label_delta_us, "num_tbins": 4, "crop_size": 96, "epochs": 16, "crops": 6,
    "learning_rate": 3e-3, "preview_us": 1_500_000,
}  # fmt: skip
SHOWN_AFTER = 9
MOMENT_US = 1_500_000
STYLE = {"flow": FlowMode.BOTH, "accumulation_us": 20_000, "opacity": 0.45, "step": 8, "scale": 2.5}
FOLDER = Path("planes")


def take(window: MainWindow, wait: Wait) -> QImage:
    """Train on the demo recording, show and judge the flow, and grab the window meanwhile."""
    light = FlowLight(window, wait)
    light.open_demo(FOLDER, DEMO)
    light.work.draft.set(teacher=Teacher.LABELS)
    light.train(Path("runs"), **TRAINING)
    light.wait_for_previews(SHOWN_AFTER + 1)
    light.show_flow()
    view = light.space.view
    view.set_style(replace(view.style_of_frames, **STYLE))
    light.go_to(MOMENT_US)
    light.judge()
    # The table of the score card has grown; the panel has yet to make room for it.
    QCoreApplication.processEvents()
    picture = window.grab().toImage()
    light.stop()
    return picture


if __name__ == "__main__":
    sys.exit(main(take))
