"""Prediction on the open slide: runs it in a session and keeps the result."""

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.slides.published.settings import ApplySettings
from wholefield.tasks.slides.results.class_map import SegmentedSlide
from wholefield.tasks.slides.results.maps import SlideImageResult, SlideMaps
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield.tasks.slides.settings import PredictSettings
from wholefield_app.document.prediction import Prediction

Answer = SlidePrediction | SegmentedSlide | SlideMaps
"""What a network predicts for a slide: its class and the evidence, the class of every pixel, or maps of values."""

log = logging.getLogger(__name__)


class SlidePredictions(Prediction):
    """One prediction at a time, and its result while its slide is open.

    Attributes:
        result: The newest result, or None.
        shown: Index of the class whose map is shown; of a segmentation the only class shown, all for the first one.

    Signals:
        changed: There is another result or another class to show, or none any more.
        image_made: The path of an image that a network made of the slide.
    """

    changed = Signal()
    image_made = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slide: Path | None = None
        self.result: Answer | None = None
        self.shown = 0
        self.done.connect(self._take)

    def predict(self, settings: PredictSettings) -> None:
        """Begin to predict."""
        self.begin(partial(predict, settings), settings.slide, settings.checkpoint)

    def apply(self, settings: ApplySettings, runs: Path) -> None:
        """Begin to use a published model, in a new folder for runs."""
        self.begin(partial(apply, settings, runs), settings.slide, settings.checkpoint)

    def show_class(self, index: int) -> None:
        """Show the map of another class."""
        self.shown = index
        self.changed.emit()

    def clear(self) -> None:
        """Show no result."""
        self.result = None
        self.changed.emit()

    def look_at(self, slide: Path | None) -> None:
        """Another slide, or none, is open: results of the one before are of no use."""
        self._slide = slide
        self.discard()
        self.clear()

    @property
    def segmentation(self) -> SegmentedSlide | None:
        """The result, where it is a segmentation."""
        return self.result if isinstance(self.result, SegmentedSlide) else None

    @Slot(object, object)
    def _take(self, slide: Path, result: Answer | SlideImageResult) -> None:
        if slide != self._slide:
            return
        if isinstance(result, SlideImageResult):
            self.image_made.emit(result.path)
            return
        self.result = result
        if isinstance(result, SlideMaps):
            self.shown = 0
            log.info("%s: the values are in %s", slide.name, result.path)
            self.changed.emit()
            return
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


def apply(
    settings: ApplySettings, runs: Path, report: ReportFunction, control: Control
) -> Answer | SlideImageResult:
    """Use a published model, and write what it gives; called in the run's thread."""
    from wholefield.tasks.slides.published.apply import apply_to_slide, save_result
    from wholefield.tasks.slides.published.result import AppliedSlide

    folder = RunFolder.create(runs, settings).path
    found = apply_to_slide(settings, report, control)
    save_result(found, settings, folder, report, control)
    return found.shown(settings.result(folder)) if isinstance(found, AppliedSlide) else found
