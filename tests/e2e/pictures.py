"""The pictures of the window: each workspace at work, for the README and, in both themes and two sizes, to look at.

Run it with: python -m tests.e2e.pictures resources/screenshots, or with --all FOLDER for every size and theme.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from tests.e2e.first_light import SLIDE, FirstLight, make_project
from tests.e2e.flow_light import FlowLight
from tests.e2e.light import Light, Wait, wait_by_qt
from tests.e2e.opening_scenes import OPENING_SCENES, Scene
from tests.e2e.stack_light import StackLight
from wholefield.labels import ellipse, freehand, rectangle, stroke
from wholefield.tasks.events.settings import Teacher
from wholefield_app.labeling.tools import Tool
from wholefield_app.launch import make_application, make_window
from wholefield_app.theme.theme import ThemeName
from wholefield_app.viewer.events.style import FlowMode
from wholefield_app.window.main_window import MainWindow
from wholefield_resources.demo.events import EventDemoSettings
from wholefield_resources.demo.stack import StackDemoSettings

README = ((1600, 1000), ThemeName.DARK)
SIZES = ((1600, 1000), (1280, 720))
GIVE_UP_SECONDS = 900
SMALLEST = 0
SHADE, LINE = 60, "#808080"
QUIET_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"


def slides(window: MainWindow, wait: Wait) -> Light:
    """The real slide, its tile grid, a training under way, a map over the slide."""
    light = FirstLight(window, wait)
    make_project(SLIDES / SLIDE, Path("cmu"))
    light.open(Path("cmu"))
    light.train(epochs=20, learning_rate=5e-4)
    light.wait_for_epochs(8)
    light.predict()
    light.space.prediction.show_class(light.space.prediction.result.classes.index("epithelium"))
    light.wait_for_tiles(40)
    return light


def labeling(window: MainWindow, wait: Wait) -> Light:
    """The real slide with labels of three classes, a polygon under way."""
    light = FirstLight(window, wait)
    make_project(SLIDES / SLIDE, Path("cmu"))
    light.open(Path("cmu"))
    labels = light.space.labeling.labels
    wait(lambda: labels.ready)
    drawn = {
        "Epithelium": [
            stroke([(1030, 820), (1120, 960), (1260, 880)], 45),
            stroke([(1180, 1250), (1220, 1700), (1190, 2150)], 45),
        ],
        "Stroma": [freehand([(1450, 2080), (1680, 1950), (1740, 2350), (1480, 2560)])],
        "Glass": [rectangle(60, 300, 300, 700), ellipse(1820, 560, 330, 500)],
    }
    for name, areas in drawn.items():
        for area in areas:
            labels.annotations.paint(area, labels.classes.named(name).value)
    labels.take_tool(Tool.BRUSH)
    labels.edited()
    window.workspace.panel_wanted.emit("slides.labels", True)
    return light


def stacks(window: MainWindow, wait: Wait) -> Light:
    """The demo scan behind a swipe handle, its training, preview and curves."""
    light = StackLight(window, wait)
    light.open_demo(Path("rock"), StackDemoSettings())
    light.train(depth=20, epochs=30, crop_size=96)
    light.wait_for_previews(12)
    light.predict()
    light.wait_for_previews(len(light.previews) + 1)
    return light


def events(window: MainWindow, wait: Wait) -> Light:
    """The demo recording, a network that learns its flow, the score card."""
    demo = EventDemoSettings()
    light = FlowLight(window, wait)
    light.open_demo(Path("planes"), demo)
    light.space.draft.set(teacher=Teacher.LABELS)
    light.train(
        Path("runs"), delta_t=demo.scene.label_delta_us, num_tbins=4, crop_size=96, epochs=16, crops=6,
        learning_rate=3e-3, preview_us=1_500_000,
    )  # fmt: skip
    light.wait_for_previews(10)
    light.show_flow()
    view = light.space.view
    style = {"flow": FlowMode.BOTH, "accumulation_us": 20_000, "opacity": 0.45, "step": 8, "scale": 2.5}
    view.set_style(replace(view.style_of_frames, **style))
    light.go_to(1_500_000)
    light.judge()
    return light


SCENES: dict[str, Callable[[MainWindow, Wait], Light]] = {
    "slides": slides,
    "labeling": labeling,
    "stacks": stacks,
    "events": events,
}


@dataclass(frozen=True)
class Shot:
    """A picture of a scene: its size in px, the theme, and where it goes."""

    size: tuple[int, int]
    theme: ThemeName
    path: Path


def shots(name: str, folder: Path, *, every: bool) -> Iterator[Shot]:
    """The pictures of a scene: that of the README, and where `every` is set those of the other sizes and themes."""
    for size in SIZES:
        for theme in ThemeName:
            plain = (size, theme) == README
            if plain or every:
                ending = "" if plain else f"_{size[0]}x{size[1]}_{theme}"
                yield Shot(size, theme, folder / f"{name}{ending}.png")


def take(application: QApplication, name: str, wanted: list[Shot]) -> None:
    """Do the job of a scene in a window, and grab it while the training goes on."""
    # Paths are relative, so that the picture shows none of the machine it was taken on.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        store = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
        window = make_window(application, README[1], store)
        window.resize(*README[0])
        window.show()
        wait = wait_by_qt(GIVE_UP_SECONDS)
        light = SCENES[name](window, wait)
        for shot in wanted:
            window.services.themes.use(shot.theme)
            window.resize(*shot.size)
            wait(lambda: window.quiet)
            # What has grown needs a turn of the event loop to find its place.
            QCoreApplication.processEvents()
            if not window.grab().save(str(shot.path), "PNG", SMALLEST):
                raise OSError(f"{shot.path} cannot be written")
        light.stop()
        window.close()


def take_opening(application: QApplication, name: str, scene: Scene, wanted: list[Shot]) -> None:
    """Grab a scene of opening a file, with its dialog in the middle of the window, anew for each picture."""
    for shot in wanted:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            store = QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat)
            window = make_window(application, shot.theme, store)
            window.resize(*shot.size)
            window.show()
            wait = wait_by_qt(GIVE_UP_SECONDS)
            dialog = scene(window, wait)
            wait(lambda: window.quiet)  # noqa: B023  # called before the loop goes on
            QCoreApplication.processEvents()
            picture = with_dialog(window.grab(), dialog)
            if not picture.save(str(shot.path), "PNG", SMALLEST):
                raise OSError(f"{shot.path} cannot be written")
            if dialog is not None:
                dialog.close()
            window.close()
            window.deleteLater()


def with_dialog(picture: QPixmap, dialog: QWidget | None) -> QPixmap:
    """A picture of a window with a dialog in its middle, as a screen shows it."""
    if dialog is not None:
        with QPainter(picture) as painter:
            painter.fillRect(picture.rect(), QColor(0, 0, 0, SHADE))
            place = dialog.rect()
            place.moveCenter(picture.rect().center())
            painter.drawPixmap(place.topLeft(), dialog.grab())
            painter.setPen(QColor(LINE))
            painter.drawRect(place.adjusted(-1, -1, 0, 0))
    return picture


def main() -> int:
    """Take the pictures that the command line asks for."""
    names = ", ".join((*SCENES, *OPENING_SCENES))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("scenes", nargs="*", help=f"which of {names}; by default {', '.join(SCENES)}")
    parser.add_argument("--all", action="store_true", help="in every size and theme")
    options = parser.parse_args()
    if unknown := [name for name in options.scenes if name not in (*SCENES, *OPENING_SCENES)]:
        parser.error(f"there is no scene {unknown[0]}; choose from {names}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name, value in QUIET_THREADS.items():
        os.environ.setdefault(name, value)
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    application = make_application()
    for name in options.scenes or SCENES:
        wanted = list(shots(name, folder, every=options.all))
        if name in SCENES:
            take(application, name, wanted)
        else:
            take_opening(application, name, OPENING_SCENES[name], wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
