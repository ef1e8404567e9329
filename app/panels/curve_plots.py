"""The two plots of the curves panel, drawn with pyqtgraph."""

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.curve_data import CurveData, Series
from app.theme.theme import Theme

VALIDATION_LOSS = "validation_loss"
VALIDATION_ACCURACY = "validation_accuracy"


class CurvePlots(QWidget):
    """Loss over steps, and accuracy over the same steps."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = pg.PlotWidget()
        self.accuracy = pg.PlotWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.loss, 3)
        layout.addWidget(self.accuracy, 2)
        # Losses go down and accuracies go up: the legends stand where the curves do not end.
        _prepare(self.loss, "Loss", legend_offset=(-8, 4))
        _prepare(self.accuracy, "Accuracy", legend_offset=(-8, -8))
        self.accuracy.setYRange(0, 1, padding=0.06)
        self.accuracy.setXLink(self.loss)
        self.accuracy.setLabel("bottom", "Step")
        self.curves = self._make_curves()
        self.use_theme(theme)

    def draw(self, data: CurveData) -> None:
        """Show the newest numbers."""
        for curve, series in (
            (self.curves["loss"], data.loss),
            (self.curves["smoothed"], data.smoothed),
            (self.curves[VALIDATION_LOSS], data.epochs.get(VALIDATION_LOSS, Series())),
            (self.curves[VALIDATION_ACCURACY], data.epochs.get(VALIDATION_ACCURACY, Series())),
        ):
            curve.setData(series.steps, series.values)
        self.loss.setYRange(*data.loss_range(VALIDATION_LOSS), padding=0)

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        for plot in (self.loss, self.accuracy):
            plot.setBackground(theme.surface)
            plot.plotItem.legend.setLabelTextColor(theme.text)
            plot.plotItem.legend.setBrush(pg.mkBrush(f"{theme.surface}c0"))
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(theme.border)
                plot.getAxis(side).setTextPen(theme.muted)
        faint = QColor(theme.forward)
        faint.setAlphaF(0.35)
        for name, colour in (
            ("loss", faint),
            ("smoothed", QColor(theme.forward)),
            (VALIDATION_LOSS, QColor(theme.reverse)),
            (VALIDATION_ACCURACY, QColor(theme.reverse)),
        ):
            self.curves[name].setPen(pg.mkPen(colour, width=1 if name == "loss" else 2))
            self.curves[name].setSymbolBrush(colour)
        self._rewrite_legends(theme)

    def _make_curves(self) -> dict[str, pg.PlotDataItem]:
        common = {"autoDownsample": True, "clipToView": True}
        dots = {"symbol": "o", "symbolSize": 5, "symbolPen": None}
        return {
            "loss": self.loss.plot(name="training, each step", **common),
            "smoothed": self.loss.plot(name="training, smoothed", **common),
            VALIDATION_LOSS: self.loss.plot(name="validation", **dots),
            VALIDATION_ACCURACY: self.accuracy.plot(name="validation", **dots),
        }

    def _rewrite_legends(self, theme: Theme) -> None:
        for plot in (self.loss, self.accuracy):
            for _, label in plot.plotItem.legend.items:
                label.setText(label.text, color=theme.text)


def _prepare(plot: pg.PlotWidget, title: str, legend_offset: tuple[int, int]) -> None:
    plot.setLabel("left", title)
    plot.getAxis("left").setWidth(52)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
    plot.addLegend(offset=legend_offset, labelTextSize="8pt")
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setMouseEnabled(x=True, y=False)
