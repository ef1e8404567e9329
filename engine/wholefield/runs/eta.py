"""How far work is and how long it still takes; it obeys the control, and time spent in a pause does not count."""

import time
from collections.abc import Callable

from wholefield.runs.control import Control
from wholefield.runs.reports import PartDone, ReportFunction

Step = Callable[[int, int], None]
"""Called after each part with the parts done and all of them."""


class Pace:
    """Estimates the time left.

    Attributes:
        clock: Gives seconds; monotonic.

    Args:
        first_step: Steps that an earlier part of a resumed run has done.
        clock: Gives seconds; monotonic.
        control: What `poll` obeys; None for work without control.
    """

    def __init__(
        self,
        first_step: int = 0,
        clock: Callable[[], float] = time.monotonic,
        control: Control | None = None,
    ) -> None:
        self.clock = clock
        self._control = control
        self.start(first_step)

    def start(self, first_step: int = 0) -> None:
        """Start the clock at a step."""
        self._first = first_step
        self._start = self.clock()
        self._idle = 0.0

    def poll(self) -> None:
        """Obey the control; the time of a pause is left out of the estimate.

        Raises:
            StopAndKeep: The control asked to stop and keep the results.
            Discarded: The control asked to end without results.
        """
        if self._control is not None:
            before = self.clock()
            self._control.poll()
            self._idle += self.clock() - before

    def seconds_left(self, step: int, steps: int) -> float | None:
        """Time for the steps after `step`, or None before the first step is done."""
        done = step - self._first
        if done <= 0:
            return None
        return (self.clock() - self._start - self._idle) / done * (steps - step)


class PartCounter:
    """Reports parts of work as they are done, such as slices, and obeys the control between them.

    Args:
        what: The work in a few words, such as `Predicting slices`.
        total: All parts; `done` may be given another number where it is known only then.
        report: Called with every report.
        control: Obeyed after each part.
        clock: Gives seconds; monotonic.
    """

    def __init__(
        self,
        what: str,
        total: int,
        report: ReportFunction,
        control: Control,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._total, self._report = what, total, report
        self._pace = Pace(clock=clock, control=control)

    def done(self, number: int, total: int | None = None) -> None:
        """Report the number of parts that are done.

        Raises:
            StopAndKeep, Discarded: The control asked for it.
        """
        total = self._total if total is None else total
        self._report(PartDone(self._what, number, total, self._pace.seconds_left(number, total)))
        self._pace.poll()

    def poll(self) -> None:
        """Obey the control within a part.

        Raises:
            StopAndKeep, Discarded: The control asked for it.
        """
        self._pace.poll()


def duration(seconds: float) -> str:
    """A time span in the two units that matter, such as "2 min 10 s"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min"
