"""The plots of the curves panel, drawn with pyqtgraph."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wholefield_app.panels.curve_data import CurveData, Quality, Series
from wholefield_app.theme.theme import Theme

VALIDATION_LOSS = "validation_loss"
QUALITY = "quality"
# Colours of the terms of a loss, in this order and then again; names of colours of the theme.
TERM_COLOURS = ("success", "warning", "danger", "muted", "accent", "text")


class CurvePlots(QWidget):
    """Loss over steps, and its terms and a quality over the same steps where there are any."""

    def __init__(self, theme: Theme, qualities: Sequence[Quality]) -> None:
        super().__init__()
        self._qualities = qualities
        self._theme = theme
        self.loss = pg.PlotWidget()
        self.terms = pg.PlotWidget()
        self.quality = pg.PlotWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.loss, 3)
        layout.addWidget(self.terms, 3)
        layout.addWidget(self.quality, 2)
        # Losses go down and qualities go up: the legends stand where the curves do not end.
        _prepare(self.loss, "Loss", legend_offset=(-8, 4))
        _prepare(self.terms, "Terms", legend_offset=(-8, 4))
        self.terms.plotItem.legend.setColumnCount(2)
        _prepare(self.quality, "", legend_offset=(-8, -8))
        self._name_quality(qualities[0])
        for plot in (self.terms, self.quality):
            plot.setXLink(self.loss)
        self.quality.setLabel("bottom", "Step")
        self.terms.hide()
        self.curves = self._make_curves()
        self.term_curves: dict[str, pg.PlotDataItem] = {}
        self.use_theme(theme)

    def draw(self, data: CurveData) -> None:
        """Show the newest numbers."""
        quality = data.quality(self._qualities)
        self._name_quality(quality)
        for curve, series in (
            (self.curves["loss"], data.loss),
            (self.curves["smoothed"], data.smoothed),
            (self.curves[VALIDATION_LOSS], data.epochs.get(VALIDATION_LOSS, Series())),
            (self.curves[QUALITY], data.epochs.get(quality.metric, Series())),
        ):
            curve.setData(series.steps, series.values)
        self.loss.setYRange(*data.loss_range(VALIDATION_LOSS), padding=0)
        self._draw_terms(data)
        judged = not data.terms or data.has_quality(self._qualities)
        self.quality.setVisible(judged)
        self.terms.setLabel("bottom", "" if judged else "Step")

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self._theme = theme
        for plot in (self.loss, self.terms, self.quality):
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
            (QUALITY, QColor(theme.reverse)),
        ):
            self.curves[name].setPen(pg.mkPen(colour, width=1 if name == "loss" else 2))
            self.curves[name].setSymbolBrush(colour)
        self._colour_terms()
        self._rewrite_legends(theme)

    def _draw_terms(self, data: CurveData) -> None:
        """Show the terms of a loss that has several; those of an earlier run go."""
        self.terms.setVisible(bool(data.terms))
        if list(self.term_curves) != list(data.terms):
            for curve in self.term_curves.values():
                self.terms.removeItem(curve)
            self.term_curves = {
                name: self.terms.plot(name=name.replace("_", " "), autoDownsample=True, clipToView=True)
                for name in data.terms
            }
            self._colour_terms()
            self._rewrite_legends(self._theme)
        for name, series in data.terms.items():
            self.term_curves[name].setData(series.steps, series.values)

    def _colour_terms(self) -> None:
        for index, curve in enumerate(self.term_curves.values()):
            colour = getattr(self._theme, TERM_COLOURS[index % len(TERM_COLOURS)])
            curve.setPen(pg.mkPen(colour, width=2))

    def _name_quality(self, quality: Quality) -> None:
        self.quality.setLabel("left", quality.title)
        if quality.range is None:
            self.quality.enableAutoRange(axis="y")
        else:
            self.quality.setYRange(*quality.range, padding=0.06)

    def _make_curves(self) -> dict[str, pg.PlotDataItem]:
        common = {"autoDownsample": True, "clipToView": True}
        dots = {"symbol": "o", "symbolSize": 5, "symbolPen": None}
        return {
            "loss": self.loss.plot(name="training, each step", **common),
            "smoothed": self.loss.plot(name="training, smoothed", **common),
            VALIDATION_LOSS: self.loss.plot(name="validation", **dots),
            QUALITY: self.quality.plot(name="validation", **dots),
        }

    def _rewrite_legends(self, theme: Theme) -> None:
        for plot in (self.loss, self.terms, self.quality):
            for _, label in plot.plotItem.legend.items:
                label.setText(label.text, color=theme.text)


def _prepare(plot: pg.PlotWidget, title: str, legend_offset: tuple[int, int]) -> None:
    plot.setLabel("left", title)
    plot.getAxis("left").setWidth(62)
    plot.getAxis("left").enableAutoSIPrefix(False)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
    plot.addLegend(offset=legend_offset, labelTextSize="8pt")
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setMouseEnabled(x=True, y=False)
