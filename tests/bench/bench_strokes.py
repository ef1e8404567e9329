"""Strokes on nuclei in the real window: the first map, the Dice of the whole image, and the event loop meanwhile.

Strokes of a seeded script over 1 % of the pixels of cardio_B03_mip_v04.zarr, then *Train live* in a process of its own.
Twice the map is corrected by short strokes where it is wrong. Everything is compared with the labels of the file. For
scale: a map that says "nucleus" everywhere has a Dice of 0.81, so that of the background is printed, too.

Run it with: python -m tests.bench strokes [SECONDS before the first correction [SECONDS after each]]
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEventLoop, QSettings, QTimer

from tests.bench.drawn_strokes import RADIUS, Mask, draw
from tests.bench.lateness import Lateness
from tests.e2e.light import wait_by_qt
from tests.e2e.stroke_light import StrokeLight
from wholefield.runs.reports import EpochDone, RegionPredicted, Report
from wholefield.sources import open_image
from wholefield_app.launch import make_application, make_window

SLIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides" / "cardio_B03_mip_v04.zarr"
SIZE = (1600, 1000)
GIVE_UP_SECONDS = 600
SHARE, CORRECTED = 0.0135, 0.002
CLASSES = ("Background", "Nucleus")
SHORT, OPENED = 6, 2


def dice(found: npt.NDArray[np.uint8], truth: Mask) -> tuple[float, float]:
    """Dice of the nuclei and of the background."""
    return tuple(  # type: ignore[return-value]
        float(
            2
            * ((found == value) & (truth == bool(value))).sum()
            / ((found == value).sum() + (truth == bool(value)).sum())
        )
        for value in (1, 0)
    )


class Bench:
    """The window, what its map says, and the time since the training was begun."""

    def __init__(self, folder: Path) -> None:
        self.slide = folder / SLIDE.name
        shutil.copytree(SLIDE, self.slide)
        with open_image(self.slide / "labels" / "nuclei") as labels:
            self.truth: Mask = labels.read_region(0, 0, 0, labels.width, labels.height)[..., 0] > 0
        application = make_application()
        self.window = make_window(
            application, None, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        )
        self.window.resize(*SIZE)
        self.window.show()
        self.light = StrokeLight(self.window, wait_by_qt(GIVE_UP_SECONDS))
        self.light.open(self.slide)
        self.map = np.full(self.truth.shape, 255, np.uint8)
        self.taken = np.zeros(self.truth.shape, bool)
        self.random = np.random.default_rng(0)
        self.first: float | None = None
        self.began = time.perf_counter()
        self.light.space.training.reported.connect(self.take)

    def take(self, reports: list[Report]) -> None:
        """Note the blocks of the map, and print what an epoch has brought."""
        for report in reports:
            if isinstance(report, RegionPredicted):
                x, y, width, height = (int(value) for value in report.box)
                self.map[y : y + height, x : x + width] = report.classes
                if self.first is None and (self.map < 255).all():
                    self.first = time.perf_counter() - self.began
                    self.say("first map of all of the image")
            elif isinstance(report, EpochDone) and report.epoch % 5 == 0:
                self.say(f"epoch {report.epoch}")

    def say(self, what: str) -> None:
        """Print how good the map is now."""
        nuclei, background = dice(self.map, self.truth)
        seconds = time.perf_counter() - self.began
        print(
            f"  {seconds:6.1f} s  {what:32} Dice {nuclei:.3f}, of the background {background:.3f}", flush=True
        )

    def label(self, share: float, areas: tuple[Mask, Mask], longest: int) -> None:
        """Draw strokes of both classes where they may be."""
        for name, area in zip(CLASSES, areas, strict=True):
            strokes = draw(area, share / 2 * self.truth.size, self.random, longest, self.taken)
            self.light.draw(name, strokes, RADIUS)
        covered = sum(self.light.space.labeling.labels.annotations.areas().values()) / self.truth.size
        count = len(self.light.space.labeling.labels.annotations)
        print(f"  {count} strokes cover {covered:.2%} of the pixels")

    def correct(self) -> None:
        """Draw where the map is wrong."""
        wrong = self.map != self.truth
        self.label(CORRECTED, (wrong & ~self.truth, wrong & self.truth), SHORT)


def main(first: float = 75.0, after: float = 35.0) -> None:
    """Print the figures."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start, commit {commit}")
    with tempfile.TemporaryDirectory() as folder:
        bench, lateness = Bench(Path(folder)), Lateness()
        bench.label(SHARE, (~bench.truth, bench.truth), 30)
        bench.began = time.perf_counter()
        lateness.begin()
        bench.light.train_live()
        rest(first)
        bench.say("before corrections")
        for number in (1, 2):
            bench.correct()
            rest(after)
            bench.say(f"after correction {number}")
        lateness.end()
        p50, p95, p99 = (lateness.percentile(percent) for percent in (50, 95, 99))
        print(
            f"  event loop late by p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f}, max {max(lateness.late_ms):.1f} ms"
        )
        bench.light.stop_live()
        bench.light.predict_everything()
        found = np.asarray(bench.light.space.prediction.segmentation.map.levels[0])
        print(
            "  everything predicted: Dice {:.3f}, of the background {:.3f}".format(*dice(found, bench.truth))
        )
        bench.window.close()


def rest(seconds: float) -> None:
    """Let the window work."""
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
