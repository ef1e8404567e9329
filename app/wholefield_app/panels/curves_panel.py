"""Live curves of a run: training and validation loss, the terms of the loss, a quality of the validation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QLabel, QStackedLayout

from wholefield.runs.reports import Report
from wholefield.training.quality import ACCURACY, Quality
from wholefield_app.panels.curve_data import CurveData
from wholefield_app.panels.foldable import Foldable
from wholefield_app.theme.theme import Theme

if TYPE_CHECKING:
    from wholefield_app.panels.curve_plots import CurvePlots

UPDATES_PER_SECOND = 4
EMPTY = "The curves of a run appear here.\nStart a training to see its loss go down."


class CurvesPanel(Foldable):
    """Collects reports at once and draws them a few times per second.

    The plots are made when there is something to draw: their library takes as long to load as the window.
    """

    def __init__(self, theme: Theme, qualities: Sequence[Quality] = (ACCURACY,)) -> None:
        """Draw nothing yet; of the `qualities` the first that is reported is drawn."""
        super().__init__()
        self.data = CurveData()
        self._qualities = qualities
        self.plots: CurvePlots | None = None
        self._theme = theme
        self._empty = QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._empty.setProperty("role", "muted")
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(1000 // UPDATES_PER_SECOND)
        self._timer.timeout.connect(self._draw)

    @property
    def has_content(self) -> bool:
        """Whether there is a curve."""
        return not self.data.empty

    @Slot(list)
    def add(self, reports: list[Report]) -> None:
        """Take in reports of the run."""
        self.data.add(reports)
        if not self._timer.isActive():
            self._timer.start()

    def set_qualities(self, qualities: Sequence[Quality]) -> None:
        """Draw one of these from the next run on: the first that is reported, and the first of all until then."""
        self._qualities = qualities
        if self.plots is not None:
            self.plots.set_qualities(qualities)

    def stop(self) -> None:
        """Draw no more; the window is closing."""
        self._timer.stop()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw in the colors of `theme`."""
        self._theme = theme
        if self.plots is not None:
            self.plots.use_theme(theme)
            self.plots.draw(self.data)

    @Slot()
    def _draw(self) -> None:
        self.content_changed.emit()
        if self.data.empty:
            self._layout.setCurrentWidget(self._empty)
            return
        if self.plots is None:
            from wholefield_app.panels.curve_plots import CurvePlots

            self.plots = CurvePlots(self._theme, self._qualities)
            self._layout.addWidget(self.plots)
        self._layout.setCurrentWidget(self.plots)
        self.plots.draw(self.data)
