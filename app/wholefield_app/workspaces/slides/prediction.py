"""Prediction on the open slide: runs it in a session and keeps the result."""

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.slides.results.class_map import SegmentedSlide
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings
from wholefield_app.document.prediction import Prediction

Answer = SlidePrediction | SegmentedSlide
"""What a network predicts for a slide: its class and the evidence, or the class of every pixel."""

log = logging.getLogger(__name__)


class SlidePredictions(Prediction):
    """One prediction at a time, and its result while its slide is open.

    Attributes:
        result: The newest result, or None.
        shown: Index of the class whose map is shown; of a segmentation the only class shown, all for the first one.

    Signals:
        changed: There is another result or another class to show, or none any more.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slide: Path | None = None
        self.result: Answer | None = None
        self.shown = 0
        self.done.connect(self._take)

    def predict(self, settings: PredictSettings) -> None:
        """Begin to predict."""
        self.begin(partial(predict, settings), settings.slide, settings.checkpoint)

    def show_labels(self, result: SegmentedSlide) -> None:
        """Show labels of the slide in place of a prediction."""
        if result.slide == self._slide:
            self.result, self.shown = result, 0
            self.changed.emit()

    def show_class(self, index: int) -> None:
        """Show the map of another class."""
        self.shown = index
        self.changed.emit()

    def look_at(self, slide: Path | None) -> None:
        """Another slide, or none, is open: results of the one before are of no use."""
        self._slide = slide
        self.discard()
        self.result = None
        self.changed.emit()

    @property
    def segmentation(self) -> SegmentedSlide | None:
        """The result, where it is a segmentation."""
        return self.result if isinstance(self.result, SegmentedSlide) else None

    @Slot(object, object)
    def _take(self, slide: Path, result: Answer) -> None:
        if slide != self._slide:
            return
        self.result = result
        shares = result.probabilities
        if isinstance(result, SegmentedSlide):
            self.shown = 0
            pairs = zip(result.classes, shares, strict=True)
            log.info("%s: %s", slide.name, ", ".join(f"{name} {share:.1%}" for name, share in pairs))
        else:
            self.shown = int(shares.argmax())
            log.info("%s: %s, probability %.3f", slide.name, result.winner, shares.max())
        self.changed.emit()


def predict(settings: PredictSettings, report: ReportFunction, control: Control) -> Answer:
    """Do the prediction; called in the run's thread."""
    from wholefield.tasks.slides.predict import predict_slide

    return predict_slide(settings, report, control)
