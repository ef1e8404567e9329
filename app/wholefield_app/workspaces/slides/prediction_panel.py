"""The prediction panel: which model, how likely or how large each class is, and how the map is shown."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.actions import Registry
from wholefield_app.actions.button import ActionButton
from wholefield_app.panels.bars import Probability, ProbabilityBars
from wholefield_app.panels.heading import muted
from wholefield_app.panels.model_field import ModelField
from wholefield_app.panels.progress import RunProgress
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.colormap import Colormap
from wholefield_app.workspaces.slides.overlays import OPACITY, Overlays
from wholefield_app.workspaces.slides.prediction import Prediction

NO_MODEL = "Train a network first, or choose a checkpoint file; then predict on the open slide."
NO_RESULT = (
    "Predict on the open slide to see its class and where the evidence lies, or the class of every pixel."
)
PROBABILITIES = "Probability of each class. Click one for its map."
SHARES = "Share of the slide. Click a class to see it alone, {first} to see all."


class PredictionPanel(QWidget):
    """Follows a Prediction and asks for one.

    Signals:
        checkpoint_changed: Another checkpoint is chosen.
    """

    checkpoint_changed = Signal()

    def __init__(
        self, prediction: Prediction, export: RunSession, overlays: Overlays, registry: Registry, theme: Theme
    ) -> None:
        super().__init__()
        self._prediction = prediction
        self._overlays = overlays
        self.models = ModelField("Checkpoints (*.ckpt)")
        self.models.changed.connect(self._show_result)
        self.models.changed.connect(self.checkpoint_changed)
        self.predict = ActionButton(registry["slides.predict"], primary=True, parent=self)
        self.cancel = ActionButton(registry["slides.cancel_prediction"], only_when_enabled=True, parent=self)
        self.progress = RunProgress(theme, self)
        self.progress.hide()
        self.export_progress = RunProgress(theme, self)
        self.export_progress.hide()
        self.hint = muted(NO_MODEL)
        self.about = muted("")
        self.bars = ProbabilityBars(theme)
        self.bars.chosen.connect(prediction.show_class)
        self._look = self._make_look()
        self.export = ActionButton(registry["slides.export_classes"], only_when_enabled=True, parent=self)
        self._lay_out()
        prediction.changed.connect(self._show_result)
        prediction.session.state_changed.connect(self._follow_state)
        prediction.session.reported.connect(self.progress.add)
        export.state_changed.connect(self._follow_export)
        export.reported.connect(self.export_progress.add)
        self.use_theme(theme)
        self._show_result()

    @property
    def checkpoint(self) -> Path | None:
        """The chosen checkpoint."""
        return self.models.checkpoint

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self.bars.use_theme(theme)
        self.progress.use_theme(theme)
        self.models.use_theme(theme)

    def _make_look(self) -> QWidget:
        self.visible = QCheckBox("Show the map", checked=self._overlays.map_shown)
        self.visible.toggled.connect(self._overlays.show_map)
        self._overlays.changed.connect(self._follow_overlays)
        self.opacity = QSlider(Qt.Orientation.Horizontal, toolTip="How much of the map is seen")
        self.opacity.setAccessibleName("Opacity of the map")
        self.opacity.setRange(0, 100)
        self.opacity.setValue(round(100 * OPACITY))
        self.opacity.valueChanged.connect(self._set_opacity)
        self.colours = QComboBox(toolTip="Colours of the map", accessibleName="Colours of the map")
        for colormap in Colormap:
            self.colours.addItem(colormap.value.capitalize(), colormap)
        self.colours.currentIndexChanged.connect(self._set_colours)
        section = QWidget()
        form = QFormLayout(section)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        form.addRow(self.visible)
        form.addRow("Opacity", self.opacity)
        form.addRow("Colours", self.colours)
        self._form = form
        return section

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        for widget in (
            self.models,
            self.predict,
            self.cancel,
            self.progress,
            self.hint,
            self.about,
            self.bars,
            self._look,
            self.export,
            self.export_progress,
        ):
            layout.addWidget(widget)
        layout.addStretch()

    @Slot()
    def _show_result(self) -> None:
        result = self._prediction.result
        for widget in (self.about, self.bars, self._look):
            widget.setVisible(result is not None)
        self.hint.setVisible(result is None)
        self.hint.setText(NO_MODEL if self.checkpoint is None else NO_RESULT)
        if result is not None:
            pairs = zip(result.classes, result.probabilities, strict=True)
            rows = tuple(Probability(name, float(value)) for name, value in pairs)
            self.bars.set_rows(rows, self._prediction.shown)
            segmented = self._prediction.segmentation is not None
            self.about.setText(SHARES.format(first=result.classes[0]) if segmented else PROBABILITIES)
            # Classes have colours of their own.
            self._form.setRowVisible(self.colours, not segmented)

    @Slot(object)
    def _follow_state(self, state: SessionState) -> None:
        _follow(self.progress, state, "Predicting")

    @Slot(object)
    def _follow_export(self, state: SessionState) -> None:
        _follow(self.export_progress, state, "Exporting")

    @Slot()
    def _follow_overlays(self) -> None:
        self.visible.setChecked(self._overlays.map_shown)

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self._overlays.set_opacity(percent / 100)

    @Slot()
    def _set_colours(self) -> None:
        self._overlays.set_colours(Colormap(self.colours.currentData()))


def _follow(progress: RunProgress, state: SessionState, text: str) -> None:
    progress.setVisible(state.active)
    if state is SessionState.RUNNING:
        progress.begin(text)
    elif state is SessionState.IDLE:
        progress.rest("")
    else:
        progress.text.setText(state.value)
