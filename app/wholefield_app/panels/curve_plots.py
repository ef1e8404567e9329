"""The plots of the curves panel, drawn with pyqtgraph."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wholefield.training.quality import Quality
from wholefield_app.panels.curve_data import CurveData, Series
from wholefield_app.theme.theme import Theme

VALIDATION_LOSS = "validation_loss"
QUALITY = "quality"
# Width of the axis with its numbers, in px; the key begins where the curves do.
AXIS = 62
# Height of what stands below a plot, the numbers and the name of its other axis, in px.
BELOW = 52
DASH = "&#9473;&#9473;"
OPAQUE = 255
# Colors of the terms of a loss, in this order and then again; names of colors of the theme.
TERM_COLORS = ("success", "warning", "danger", "muted", "accent", "text")


class Plot(QWidget):
    """A plot with its key above it, where it never covers a curve.

    Attributes:
        area: The plot.
        key: Names the curves in their colors.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        self.curves: dict[str, pg.PlotDataItem] = {}
        self.key = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.key.setContentsMargins(AXIS, 0, 0, 0)
        self.area = pg.PlotWidget()
        self.name(title)
        self.area.getAxis("left").setWidth(AXIS)
        self.area.getAxis("left").enableAutoSIPrefix(False)
        self.area.setMenuEnabled(False)
        self.area.hideButtons()
        self.area.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setMouseEnabled(x=True, y=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.key)
        layout.addWidget(self.area, 1)

    def name(self, title: str) -> None:
        """Say what the plot shows, beside its axis, which is never shorter than that."""
        self.area.setLabel("left", title)
        self.area.setMinimumHeight(QFontMetrics(self.font()).horizontalAdvance(title) + BELOW)

    def add(self, curve: str, name: str, **style: Any) -> pg.PlotDataItem:
        """Add an empty curve, which the key calls `name`."""
        self._names[curve] = name
        self.curves[curve] = self.area.plot(**style)
        return self.curves[curve]

    def clear(self) -> None:
        """Remove all curves."""
        for curve in self.curves.values():
            self.area.removeItem(curve)
        self.curves.clear()
        self._names.clear()

    def color(self, colors: Mapping[str, QColor], theme: Theme) -> None:
        """Paint in the colors of `theme`, the curves in these."""
        self.area.setBackground(theme.surface)
        for side in ("left", "bottom"):
            self.area.getAxis(side).setPen(theme.border)
            self.area.getAxis(side).setTextPen(theme.muted)
        for curve, color in colors.items():
            self.curves[curve].setPen(pg.mkPen(color, width=1 if color.alpha() < OPAQUE else 2))
            self.curves[curve].setSymbolBrush(color)
        entries = (
            f'<span style="color:{_css(shown)}">{DASH}</span>&nbsp;{escape(name).replace(" ", "&nbsp;")}'
            for curve, name in self._names.items()
            if (shown := colors.get(curve)) is not None
        )
        self.key.setText(f'<span style="color:{theme.muted}">{"&nbsp;&nbsp; ".join(entries)}</span>')


class CurvePlots(QWidget):
    """Loss over steps, and its terms and a quality over the same steps where there are any."""

    def __init__(self, theme: Theme, qualities: Sequence[Quality]) -> None:
        super().__init__()
        self._qualities = qualities
        self._theme = theme
        self.loss, self.terms, self.quality = Plot("Loss"), Plot("Terms"), Plot("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.loss, 3)
        layout.addWidget(self.terms, 3)
        layout.addWidget(self.quality, 2)
        self._name_quality(qualities[0])
        for plot in (self.terms, self.quality):
            plot.area.setXLink(self.loss.area)
        self.quality.area.setLabel("bottom", "Step")
        self.terms.hide()
        lines = {"autoDownsample": True, "clipToView": True}
        dots = {"symbol": "o", "symbolSize": 5, "symbolPen": None}
        self.curves = {
            "loss": self.loss.add("loss", "each step", **lines),
            "smoothed": self.loss.add("smoothed", "smoothed", **lines),
            VALIDATION_LOSS: self.loss.add(VALIDATION_LOSS, "validation", **dots),
            QUALITY: self.quality.add(QUALITY, "validation", **dots),
        }
        self.use_theme(theme)

    @property
    def term_curves(self) -> dict[str, pg.PlotDataItem]:
        """The curves of the terms by name."""
        return self.terms.curves

    def set_qualities(self, qualities: Sequence[Quality]) -> None:
        """Draw one of these from now on."""
        self._qualities = qualities
        self._name_quality(qualities[0])

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
        self.loss.area.setYRange(*data.loss_range(VALIDATION_LOSS), padding=0)
        self._draw_terms(data)
        judged = not data.terms or data.has_quality(self._qualities)
        self.quality.setVisible(judged)
        self.terms.area.setLabel("bottom", "" if judged else "Step")

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        faint, forward, reverse = QColor(theme.forward), QColor(theme.forward), QColor(theme.reverse)
        faint.setAlphaF(0.35)
        self.loss.color({"loss": faint, "smoothed": forward, VALIDATION_LOSS: reverse}, theme)
        self.quality.color({QUALITY: reverse}, theme)
        self._color_terms()

    def _draw_terms(self, data: CurveData) -> None:
        """Show the terms of a loss that has several; those of an earlier run go."""
        self.terms.setVisible(bool(data.terms))
        if list(self.terms.curves) != list(data.terms):
            self.terms.clear()
            for name in data.terms:
                self.terms.add(name, name.replace("_", " "), autoDownsample=True, clipToView=True)
            self._color_terms()
        for name, series in data.terms.items():
            self.terms.curves[name].setData(series.steps, series.values)

    def _color_terms(self) -> None:
        names = (TERM_COLORS[index % len(TERM_COLORS)] for index in range(len(self.terms.curves)))
        colors = dict(
            zip(self.terms.curves, (QColor(getattr(self._theme, name)) for name in names), strict=True)
        )
        self.terms.color(colors, self._theme)

    def _name_quality(self, quality: Quality) -> None:
        self.quality.name(quality.title)
        if quality.range is None:
            self.quality.area.enableAutoRange(axis="y")
        else:
            self.quality.area.setYRange(*quality.range, padding=0.06)


def _css(color: QColor) -> str:
    return f"rgba({color.red()}, {color.green()}, {color.blue()}, {color.alphaF():.2f})"
