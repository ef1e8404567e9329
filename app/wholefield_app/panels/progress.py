"""How far a run is: a line of words, a bar, and the map of the current tiles."""

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from wholefield.runs.eta import duration
from wholefield.runs.reports import Direction, PartDone, Report, Started, StepDone, TileDone
from wholefield_app.panels.sweep import SweepMap
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.properties import with_properties

SWEEPS = {Direction.FORWARD: "forward sweep", Direction.REVERSE: "reverse sweep"}


Kind = TypeVar("Kind")


class RunProgress(QWidget):
    """Shows the newest reports of a run."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel(wordWrap=True)
        self.time_left = muted()
        self.time_left.setWordWrap(False)
        self.bar = with_properties(QProgressBar(textVisible=False), accessibleName="Progress of the run")
        self.sweep = SweepMap(theme)
        self.caption = muted()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.text, self.bar, self.time_left, self.sweep, self.caption):
            layout.addWidget(widget)
        self.rest("")

    def rest(self, text: str) -> None:
        """No run is in progress; `text` says how the last one ended, or what to do."""
        self.text.setText(text)
        self.time_left.clear()
        self.sweep.show_tile(None)
        for widget in (self.bar, self.time_left, self.sweep, self.caption):
            widget.hide()

    def begin(self, text: str) -> None:
        """A run begins; nothing is known of its length yet."""
        self.text.setText(text)
        self.bar.setRange(0, 0)
        self.bar.show()

    @Slot(list)
    def add(self, reports: list[Report]) -> None:
        """Show what the newest reports say."""
        if (started := newest_of(Started, reports)) is not None:
            self._show_start(started)
        if (step := newest_of(StepDone, reports)) is not None:
            self._show_step(step)
        if (tile := newest_of(TileDone, reports)) is not None:
            self._show_tile(tile)
        if (part := newest_of(PartDone, reports)) is not None:
            self._show_part(part)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.sweep.use_theme(theme)

    def _show_start(self, report: Started) -> None:
        if report.steps:
            self.bar.setRange(0, report.steps)
            self.text.setText(f"Epoch 1 of {report.epochs}")

    def _show_step(self, report: StepDone) -> None:
        self.bar.setRange(0, report.steps)
        self.bar.setValue(report.step)
        self.text.setText(f"Epoch {report.epoch} of {report.epochs}, step {report.step} of {report.steps}")
        self._show_time_left(report.seconds_left)

    def _show_part(self, report: PartDone) -> None:
        self.bar.setRange(0, report.total)
        self.bar.setValue(report.done)
        self.text.setText(f"{report.what}: {report.done} of {report.total}")
        self._show_time_left(report.seconds_left)

    def _show_time_left(self, seconds: float | None) -> None:
        if seconds is not None:
            self.time_left.setText(f"{duration(seconds)} left")
            self.time_left.show()

    def _show_tile(self, report: TileDone) -> None:
        self.sweep.show_tile(report)
        self.caption.setText(describe_tile(report))
        # Runs without tiles, such as those on stacks, leave no gap where the map would be.
        for widget in (self.sweep, self.caption):
            widget.show()


def newest_of(kind: type[Kind], reports: Sequence[Report]) -> Kind | None:
    """The last report of a kind, if there is any."""
    return next((report for report in reversed(reports) if isinstance(report, kind)), None)


def describe_tile(report: TileDone) -> str:
    """Which tile of which slide a sweep is at."""
    rows, columns = report.counts
    number = report.index[0] * columns + report.index[1] + 1
    return f"{report.slide.name}: {SWEEPS[report.sweep]}, tile {number} of {rows * columns}"
