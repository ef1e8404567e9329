"""Work in parts: how far it is, how long the rest takes, and its end where the control asks for it."""

from collections.abc import Callable

from wholefield.runs.control import Control
from wholefield.runs.eta import Pace
from wholefield.runs.reports import PartDone, ReportFunction

Step = Callable[[int, int], None]


def reporter(what: str, report: ReportFunction, control: Control, pace: Pace | None = None) -> Step:
    """Begin work: the function to call after each part, with the parts done and all of them.

    That function waits while the control is paused, and raises what `Control.poll` raises.
    """
    begun = pace or Pace()

    def step(done: int, total: int) -> None:
        report(PartDone(what, done, total, begun.seconds_left(done, total)))
        control.poll()

    return step
