"""The main job on a real slide, step by step: open it, train on crops of it, predict, see the map over it."""

import csv
import shutil
from pathlib import Path

import numpy as np

from tests.e2e.light import Light, Wait
from wholefield.runs.reports import EpochDone, TileDone
from wholefield.sources import open_image
from wholefield_app.window.main_window import MainWindow

SLIDE = "CMU-1-Small-Region.svs"
SIDE, TILE = 256, 128


def make_project(slide: Path, folder: Path, *, every: int = 1) -> Path:
    """A folder with a copy of the slide and the labels of its squares, or of every n-th; returns the copy."""
    copy = folder / "slides" / slide.name
    copy.parent.mkdir(parents=True)
    shutil.copyfile(slide, copy)
    write_labels(copy, folder / "labels.csv", every)
    return copy


def write_labels(slide: Path, labels: Path, every: int) -> None:
    """Cut the slide into squares and write a label file for those that clearly are one thing.

    Glass is nearly white; in a stain of haematoxylin and eosin, epithelium with its many nuclei is more blue than
    red, stroma the other way round. Every n-th of them is written.
    """
    rows = []
    with open_image(slide) as source:
        for y in range(0, source.height - SIDE + 1, SIDE):
            for x in range(0, source.width - SIDE + 1, SIDE):
                label = name_square(source.read_region(0, x, y, SIDE, SIDE).astype(np.float64))
                if label:
                    rows.append((slide.name, label, x, y, SIDE, SIDE))
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "x", "y", "width", "height"))
        writer.writerows(rows[::every])


def name_square(pixels: np.ndarray) -> str | None:
    """What a square (height, width, 3) shows, or None where it shows several things."""
    tissue = pixels.min(axis=2) < 215
    if tissue.mean() < 0.02:
        return "glass"
    if tissue.mean() < 0.5:
        return None
    blue = (pixels[..., 2] - pixels[..., 0])[tissue] > -5
    if blue.mean() > 0.44:
        return "epithelium"
    return "stroma" if blue.mean() < 0.3 else None


class FirstLight(Light):
    """The slides workspace."""

    def __init__(self, window: MainWindow, wait: Wait) -> None:
        super().__init__(window, wait, "slides")

    def open(self, path: Path) -> None:
        """Open a slide, or the project whose first slide it is, and wait until everything is drawn."""
        self.window.open(path)
        self._wait(lambda: self.space.title == SLIDE and self.space.quiet)

    def train(self, epochs: int, learning_rate: float) -> None:
        """Complete the training panel and start."""
        self.space.draft.set(tile_size=TILE, epochs=epochs, learning_rate=learning_rate)
        self.start()

    def wait_for_epochs(self, count: int) -> None:
        """Wait until so many epochs are done and drawn, with a model to predict with."""
        self._wait(lambda: sum(isinstance(report, EpochDone) for report in self.reports) >= count)
        self._wait(lambda: self.checkpoint is not None)
        self._wait(lambda: self.space.curves_panel.plots is not None)

    def predict(self) -> None:
        """Predict on the open slide and wait for the map."""
        self.space.prediction_panel.predict.click()
        self._wait(lambda: self.space.prediction.result is not None)

    def wait_for_tiles(self, count: int) -> None:
        """Wait until the training has visited so many more tiles."""
        before = self.visits
        self._wait(lambda: self.visits >= before + count)

    @property
    def visits(self) -> int:
        """Tiles of the open slide that the training has reported."""
        return sum(isinstance(report, TileDone) for report in self.reports)
