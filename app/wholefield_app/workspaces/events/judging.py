"""Judges the flow that is shown, in a session of its own."""

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
from wholefield_app.services import Services
from wholefield_app.viewer.events.timeline import Span

if TYPE_CHECKING:
    from wholefield.flow.scores.scorecard import ScoreCard
    from wholefield.tasks.events.provider import FlowSource

log = logging.getLogger(__name__)


class Window(StrEnum):
    """Which events a flow is judged by."""

    ENOUGH = "enough"
    FRAME = "frame"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class Moment:
    """What is shown while a flow is judged.

    Attributes:
        time_us: The playhead.
        accumulation_us: Of a frame.
        chosen: The stretch that the user chose, or None.
    """

    time_us: int
    accumulation_us: int
    chosen: Span | None


def config_of(recording: Path, source: FlowSource, window: Window, moment: Moment) -> ScoreSettings:
    """The settings of the score card of a window.

    Raises:
        SettingError: No stretch is chosen.
    """
    start, end, at = None, None, None
    if window is Window.ENOUGH:
        at = moment.time_us
    elif window is Window.FRAME:
        start, end = max(moment.time_us - moment.accumulation_us, 0), max(moment.time_us, 1)
    elif moment.chosen is None:
        raise SettingError(
            "No stretch is chosen; drag with Shift over the event rate, or judge another window."
        )
    else:
        start, end = moment.chosen.start_us, moment.chosen.end_us
    return ScoreSettings(
        recording=recording, flow=source.path, span_us=source.span_us, device=source.device,
        start_us=start, end_us=end, at_us=at, sample_us=moment.accumulation_us,
    )  # fmt: skip


class Judging(QObject):
    """One score card at a time.

    Attributes:
        session: The run.

    Signals:
        judged: The ScoreCard.
    """

    judged = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=False, parent=self)
        self.session.failed.connect(services.report)
        self.session.ended.connect(self._tell)

    def start(self, config: ScoreSettings) -> None:
        """Begin to judge; the command that does the same goes into the log."""
        log.info("Judging: %s", command_of(config))
        self.session.start(partial(judge, config))

    @Slot(object)
    def _tell(self, card: ScoreCard | None) -> None:
        if card is not None:
            log.info("Score card:\n%s", card.text())
            self.judged.emit(card)
