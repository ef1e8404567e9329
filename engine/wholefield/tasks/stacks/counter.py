"""Progress of work that is done part by part, such as slice by slice."""

import time

from wholefield.runs.control import Control
from wholefield.runs.eta import Pace
from wholefield.runs.reports import PartDone, ReportFunction


class PartCounter:
    """Reports parts as they are done and obeys the control between them."""

    def __init__(self, what: str, total: int, report: ReportFunction, control: Control) -> None:
        """Start the clock; `what` names the work in a few words."""
        self._what, self._total, self._report, self._control = what, total, report, control
        self._pace = Pace()

    def done(self, number: int) -> None:
        """Tell that so many parts are done.

        Raises:
            StopAndKeep, Discarded: the control asked for it.
        """
        self._report(PartDone(self._what, number, self._total, self._pace.seconds_left(number, self._total)))
        self.poll()

    def poll(self) -> None:
        """Obey the control within a part; the time of a pause is left out of the estimate of the time left.

        Raises:
            StopAndKeep, Discarded: the control asked for it.
        """
        before = time.monotonic()
        self._control.poll()
        self._pace.idle(time.monotonic() - before)
