"""From an unlabeled image to a predicted one, step by step: strokes, live training, map, corrections, everything."""

from pathlib import Path

from PySide6.QtCore import Qt

from tests.bench.drawn_strokes import Points
from tests.e2e.light import Light, Wait
from wholefield.runs.reports import EpochDone, RegionPredicted, StrokesJudged
from wholefield_app.labeling.tools import Tool
from wholefield_app.window.main_window import MainWindow


class StrokeLight(Light):
    """The slides workspace while strokes are drawn and trained on."""

    def __init__(self, window: MainWindow, wait: Wait) -> None:
        super().__init__(window, wait, "slides")

    def open(self, path: Path) -> None:
        """Open a slide and wait until it is drawn and can be labeled."""
        self.window.open(path)
        self._wait(lambda: self.space.title == path.name and self.space.quiet)
        self._wait(lambda: self.space.labeling.labels.ready)

    def draw(self, name: str, strokes: list[Points], radius: float) -> None:
        """Draw strokes of a class with the brush, of a radius in px of level 0."""
        labels, hand, view = self.space.labeling.labels, self.space.labeling.hand, self.space.view
        if name not in labels.classes.names:
            labels.add_class(name)
        labels.take_tool(Tool.BRUSH)
        labels.choose(labels.classes.named(name).value)
        labels.radius = radius * view.scale
        for points in strokes:
            (x, y), *others = points
            hand.press(x, y, view.scale, Qt.KeyboardModifier.NoModifier)
            for x, y in others:
                hand.move(x, y, view.scale, pressed=True)
            hand.release()

    def train_live(self) -> None:
        """Press the button of the labels panel."""
        self.window.registry["slides.train_live"].trigger()

    def wait_for_epochs(self, count: int) -> None:
        """Wait until so many epochs are done."""
        self._wait(lambda: sum(isinstance(report, EpochDone) for report in self.reports) >= count)

    def wait_for_strokes(self, training: int) -> None:
        """Wait until at least so many strokes were trained on for an epoch."""
        self._wait(
            lambda: any(
                isinstance(each, StrokesJudged) and each.training >= training for each in self.reports
            )
        )

    def wait_for_map(self, step: int = 1) -> None:
        """Wait until a block of the map is there that is from this step or a later one."""
        self._wait(
            lambda: any(isinstance(each, RegionPredicted) and each.step >= step for each in self.reports)
        )
        self._wait(lambda: not self.space.live.layer.empty)

    def stop_live(self) -> None:
        """Press the button again, and wait until the training has ended."""
        self.train_live()
        self._wait(lambda: not self.space.training.state.active)

    def predict_everything(self) -> None:
        """Predict all of the slide with the newest model, and wait for it."""
        self.window.registry["slides.predict_everything"].trigger()
        self._wait(lambda: self.space.prediction.segmentation is not None)
