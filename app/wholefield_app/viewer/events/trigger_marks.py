"""Where external triggers stand on the time line, and what is said of them; arithmetic without Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.recording import TRIGGER_DTYPE
from wholefield_app.viewer.events.timeline import Line, time_text

Triggers = npt.NDArray[Any]

NO_TRIGGERS: Triggers = np.zeros(0, TRIGGER_DTYPE)
# How far from a mark the mouse still means it, in px.
REACH = 3
# Triggers that one tool tip lists.
LISTED = 5


class TriggerMarks:
    """Triggers of one recording, by time."""

    def __init__(self, triggers: Triggers) -> None:
        """Keep triggers (`TRIGGER_DTYPE`), ascending in t."""
        self._triggers = triggers

    def columns(self, line: Line) -> list[int]:
        """Columns of px with a trigger; those before the first and after the last event are not on the line."""
        times = self._triggers["t"]
        times = times[(times >= 0) & (times <= line.duration_us)]
        share = times / max(line.duration_us, 1) * max(line.width - 1, 1)
        found: list[int] = np.unique(share.astype(np.int64)).tolist()
        return found

    def text_at(self, x: float, line: Line) -> str:
        """What the triggers around a place are, or ''."""
        if not len(self._triggers):
            return ""
        low, high = line.time_at(x - REACH), line.time_at(x + REACH)
        first, end = np.searchsorted(self._triggers["t"], [low, high + 1]).tolist()
        if first == end:
            return ""
        lines = [self._text_of(number, line) for number in range(first, min(end, first + LISTED))]
        more = end - first - len(lines)
        return "\n".join([*lines, *([f"and {more:,} more"] if more else [])])

    def _text_of(self, number: int, line: Line) -> str:
        trigger = self._triggers[number]
        edge = "rises" if trigger["p"] > 0 else "falls"
        when = time_text(int(trigger["t"]), line.duration_us)
        count = len(self._triggers)
        return f"Trigger {number + 1:,} of {count:,}: channel {int(trigger['id'])} {edge} at {when}"
