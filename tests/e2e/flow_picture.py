"""Writes the picture of the events workspace: the demo recording, a network that learns its flow, the score card.

Run it with: python -m tests.e2e.flow_picture resources/screenshots/events.png
"""

import contextlib
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage

from app.launch import make_application, make_window
from app.theme.theme import ThemeName
from app.viewer.events.style import FlowMode
from engine.runs.flow.config import Teacher
from resources.demo.events import EventDemoSettings
from tests.e2e.first_light import wait_by_qt
from tests.e2e.flow_light import FlowLight
from tests.e2e.picture import GIVE_UP_SECONDS, SIZE, SMALLEST

DEMO = EventDemoSettings()
TRAINING = {
    "delta_t": DEMO.scene.label_delta_us, "num_tbins": 4, "crop_size": 96, "epochs": 16, "repeats": 6,
    "learning_rate": 3e-3, "preview_us": 1_500_000,
}  # fmt: skip
SHOWN_AFTER = 9
MOMENT_US = 1_500_000
STYLE = {"flow": FlowMode.BOTH, "accumulation_us": 20_000, "opacity": 0.45, "step": 8, "scale": 2.5}
# Relative, so that the picture shows no path of the machine it was taken on.
FOLDER = Path("planes")


def main(arguments: list[str]) -> int:
    """Write the picture to the path given; a second argument names the theme."""
    if not arguments:
        print("usage: python -m tests.e2e.flow_picture OUT.png [dark|light]", file=sys.stderr)
        return 2
    theme = ThemeName(arguments[1]) if len(arguments) > 1 else ThemeName.DARK
    target = Path(arguments[0]).absolute()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        picture = take(Path(folder), theme)
    target.parent.mkdir(parents=True, exist_ok=True)
    return 0 if picture.save(str(target), "PNG", SMALLEST) else 1


def take(folder: Path, theme: ThemeName) -> QImage:
    """Train, show and judge the flow, and grab the window meanwhile; `folder` is the working folder."""
    application = make_application()
    window = make_window(
        application, theme, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    )
    window.resize(*SIZE)
    window.show()

    light = FlowLight(window, wait_by_qt(GIVE_UP_SECONDS))
    light.open_demo(FOLDER, DEMO)
    fields = light.work.form.fields
    fields.teacher.setCurrentIndex(fields.teacher.findData(Teacher.LABELS))
    light.train(Path("runs"), **TRAINING)
    light.wait_for_previews(SHOWN_AFTER + 1)
    light.show_flow()
    view = light.space.view
    view.set_style(replace(view.style_of_frames, **STYLE))
    light.go_to(MOMENT_US)
    light.judge()
    # The table of the score card has grown; the panel has yet to make room for it.
    application.processEvents()
    picture = window.grab().toImage()
    light.stop()
    window.close()
    return picture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
