"""The score card of a flow beside those of no flow and of the best single translation, as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.timeline import span_text
from wholefield_app.widgets.heading import heading, muted

if TYPE_CHECKING:
    from wholefield.flow.scores.scorecard import Score, ScoreCard

HEADS = ("Flow", "Translation", "Zero flow")
FEW_PX = "Motion in this window is below 5 px, so FWL does not rank flows here. Choose a longer window."


@dataclass(frozen=True)
class Measure:
    """A line of the card.

    Attributes:
        title: What it is called.
        about: What it means.
        value: Its value of a score; None where it is not known.
        shown: How it is written.
        high: Whether more is better.
    """

    title: str
    about: str
    value: Callable[["Score"], float | None]
    shown: Callable[[float], str]
    high: bool = False


def _error(name: str) -> Callable[["Score"], float | None]:
    return lambda score: getattr(score.errors, name) if score.errors is not None else None


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


MEASURES = (
    Measure(
        "FWL", "Variance of the image of warped events, divided by that of the events as recorded.",
        lambda score: score.fwl, "{:.2f}".format, high=True,
    ),
    Measure(
        "Leaving", "Share of the events that the flow moves out of the frame.", lambda score: score.leaving, _percent,
    ),
    Measure("AEE", "Average endpoint error against the true flow over the window.", _error("aee"), "{:.2f} px".format),
    Measure("%3PE", "Share of pixels whose endpoint error is above 3 px.", _error("outliers"), _percent),
    Measure("AAE", "Average angular error against the true flow.", _error("aae"), "{:.1f}°".format),
    Measure("AEE / zero", "Average endpoint error divided by that of zero flow.", _error("of_zero"), "{:.2f}".format),
)  # fmt: skip


class ScoreTable(QWidget):
    """Shows a card, or a sentence while there is none."""

    def __init__(self, theme: Theme, empty: str) -> None:
        super().__init__()
        self._theme = theme
        self._empty = empty
        self.card: ScoreCard | None = None
        self.line = muted(empty)
        self.few = QLabel(FEW_PX, wordWrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self.cells = [self._make_row(row, measure) for row, measure in enumerate(MEASURES, start=1)]
        self.heads = [heading(text) for text in HEADS]
        for column, head in enumerate(self.heads, start=1):
            self._grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        self._grid.setColumnStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._grid)
        for widget in (self.few, self.line):
            layout.addWidget(widget)
        self.show_card(None)

    def show_card(self, card: "ScoreCard | None") -> None:
        """Show a card, or none."""
        self.card = card
        for head in self.heads:
            head.setVisible(card is not None)
        for measure, row in zip(MEASURES, self.cells, strict=True):
            scores = card.scores if card is not None else ()
            values = [value for score in scores if (value := measure.value(score)) is not None]
            known = bool(values) and len(values) == len(scores)
            for label in row:
                label.setVisible(known)
            if known:
                self._fill(measure, values, row[1:])
        self.few.setVisible(card is not None and not card.enough_motion)
        self.line.setText(self._empty if card is None else describe(card))

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.show_card(self.card)

    def _make_row(self, row: int, measure: Measure) -> list[QLabel]:
        labels = [QLabel(measure.title), *(QLabel() for _ in HEADS)]
        for column, label in enumerate(labels):
            label.setToolTip(measure.about)
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            self._grid.addWidget(label, row, column, side)
        return labels

    def _fill(self, measure: Measure, values: list[float], labels: list[QLabel]) -> None:
        """The best value of a line stands out, unless all read alike."""
        best, texts = max(values) if measure.high else min(values), [measure.shown(value) for value in values]
        for value, text, label in zip(values, texts, labels, strict=True):
            label.setText(text)
            stands_out = value == best and len(set(texts)) > 1
            color = QColor(self._theme.success if stands_out else self._theme.text)
            label.setStyleSheet(f"color: {color.name()}")


def describe(card: "ScoreCard") -> str:
    """Which events were evaluated, and how far they move."""
    u, v = card.translation
    return (
        f"{card.events:,} events in {span_text(card.end_us - card.start_us)} from {card.start_us / 1000:,.1f} ms on. "
        f"Median motion {card.motion_px:.1f} px; best translation ({u:.0f}, {v:.0f}) px/s."
    )
