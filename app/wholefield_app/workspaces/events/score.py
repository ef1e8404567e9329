"""Evaluates the flow that is shown, in a session of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.errors import SettingError
from wholefield.tasks.events.judging import judge
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield_app.document.commands import command_of
from wholefield_app.runs import RunSession
from wholefield_app.viewer.events.timeline import Span

if TYPE_CHECKING:
    from wholefield.flow.scores.scorecard import ScoreCard
    from wholefield.tasks.events.provider import FlowSource

log = logging.getLogger(__name__)


class Window(StrEnum):
    """Which events a flow is evaluated on."""

    ENOUGH = "enough"
    FRAME = "frame"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class Moment:
    """What is shown when a flow is evaluated.

    Attributes:
        time_us: The playhead.
        accumulation_us: Of a frame.
        chosen: The range that the user selected, or None.
    """

    time_us: int
    accumulation_us: int
    chosen: Span | None


def settings_of(recording: Path, source: FlowSource, window: Window, moment: Moment) -> ScoreSettings:
    """The settings of the score card of a window.

    Raises:
        SettingError: No range is selected.
    """
    start, end, at = None, None, None
    if window is Window.ENOUGH:
        at = moment.time_us
    elif window is Window.FRAME:
        start, end = max(moment.time_us - moment.accumulation_us, 0), max(moment.time_us, 1)
    elif moment.chosen is None:
        raise SettingError(
            "No range is selected; Shift-drag over the event rate, or evaluate another window."
        )
    else:
        start, end = moment.chosen.start_us, moment.chosen.end_us
    return ScoreSettings(
        recording=recording, flow=source.path, span_us=source.span_us, device=source.device,
        start_us=start, end_us=end, at_us=at, sample_us=moment.accumulation_us,
    )  # fmt: skip


class ScoreSession(RunSession):
    """One evaluation at a time.

    Signals:
        scored: The ScoreCard.
    """

    short = True

    scored = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("Score card", parent=parent)
        self.ended.connect(self._tell)

    def begin(self, settings: ScoreSettings) -> None:
        """Begin to evaluate; the command that does the same goes into the log."""
        log.info("Evaluating: %s", command_of(settings))
        self.start(partial(judge, settings))

    @Slot(object)
    def _tell(self, card: ScoreCard | None) -> None:
        if card is not None:
            log.info("Score card:\n%s", card.text())
            self.scored.emit(card)
