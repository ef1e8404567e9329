"""The prediction panel of slides: how likely or how large each class is."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox

from wholefield.tasks.slides.results.maps import SlideMaps
from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.document.export import Export
from wholefield_app.document.prediction import PredictionPanel, PredictionWords, SessionProgress
from wholefield_app.panels.bars import Probability, ProbabilityBars
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted
from wholefield_app.workspaces.slides.prediction import SlidePredictions

WORDS = PredictionWords(
    files="Models (*.ckpt *.pt *.pth *.pt2 *.onnx *.safetensors);;All files (*)",
    no_model="Train a network or choose a checkpoint file first; then predict on the open slide.",
    ready="Predict on the open slide to see its class with the evidence, or the class of every pixel.",
)
PROBABILITIES = "Probability of each class. Click one for its map."
VALUES = "Mean of each output on its own scale. Click one for its map."
SHARES = "Share of the slide. Click a class to see only it, {first} to see all."


class SlidePredictionPanel(PredictionPanel):
    """Follows a prediction on slides and shows its result."""

    def __init__(
        self,
        prediction: SlidePredictions,
        export: Export,
        registry: Registry,
        theme: Theme,
    ) -> None:
        super().__init__("slides", WORDS, export, registry, theme)
        self._prediction = prediction
        self.cancel = ActionButton(registry["slides.cancel_prediction"], only_when_enabled=True, parent=self)
        self.progress = SessionProgress(prediction, "Predicting", theme, self)
        self.skip_background = QCheckBox("Skip background")
        self.skip_background.setToolTip(
            "Take tiles without tissue as the color of the glass: quicker on a slide with much glass"
        )
        self.about = muted("")
        self.bars = ProbabilityBars(theme)
        self.bars.chosen.connect(prediction.show_class)
        self.lay_out(
            (
                self.models,
                self.skip_background,
                self.predict,
                self.cancel,
                self.progress,
                self.hint,
                self.about,
                self.bars,
            )
        )
        prediction.changed.connect(self._show_result)
        self.use_theme(theme)
        self._show_result()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        super().use_theme(theme)
        self.bars.use_theme(theme)
        self.progress.use_theme(theme)

    @Slot()
    def _show_result(self) -> None:
        result = self._prediction.result
        for widget in (self.about, self.bars):
            widget.setVisible(result is not None)
        self.hint.setVisible(result is None)
        if result is not None:
            pairs = zip(result.classes, result.probabilities, strict=True)
            rows = tuple(Probability(name, float(value)) for name, value in pairs)
            self.bars.set_rows(rows, self._prediction.shown)
            segmented = self._prediction.segmentation is not None
            plain = VALUES if isinstance(result, SlideMaps) else PROBABILITIES
            self.about.setText(SHARES.format(first=result.classes[0]) if segmented else plain)
