"""Progress as bars with rate and time left, for people at a terminal."""

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from wholefield.cli.sentences import sentence
from wholefield.runs.eta import duration
from wholefield.runs.reports import EpochDone, PartDone, Report, StepDone, TileDone

REFRESHES = 4
"""Per second: enough for the eye, too few to cost a training anything."""


class Bars:
    """Shows each kind of work in progress as a bar, and what is worth keeping as lines above.

    Use it as a context: the bars go when it ends.

    Args:
        stream: A terminal; the error stream unless given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        console = Console(file=stream, stderr=stream is None, highlight=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(None),
            MofNCompleteColumn(),
            RateColumn(),
            LeftColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, refresh_per_second=REFRESHES)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> "Bars":
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines only."""
        self._progress.stop()

    def __call__(self, report: Report) -> None:
        """Show a report."""
        match report:
            case StepDone():
                name = f"epoch {report.epoch}/{report.epochs}, loss {report.loss:.4g}"
                self._show("steps", name, report.step, report.steps, report.seconds_left)
            case TileDone():
                rows, columns = report.counts[0], report.counts[-1]
                done = report.index[0] * columns + report.index[-1] + 1
                self._show("tiles", f"{report.sweep} sweep, {report.slide.name}", done, rows * columns)
            case PartDone():
                self._show(report.what, report.what, report.done, report.total, report.seconds_left)
            case _:
                if isinstance(report, EpochDone):
                    self._hide("tiles")
                if line := sentence(report):
                    self._progress.console.print(line, markup=False, soft_wrap=True)

    def _show(self, key: str, name: str, done: int, total: int, left: float | None = None) -> None:
        if key not in self._bars:
            self._bars[key] = self._progress.add_task(name, total=total)
        task = self._bars[key]
        if done < self._progress.tasks[self._progress.task_ids.index(task)].completed:
            # The next sweep: its rate is its own.
            self._progress.reset(task)
        self._progress.update(task, description=name, completed=done, total=total, left=left)
        if done >= total and key != "tiles":
            self._hide(key)

    def _hide(self, key: str) -> None:
        if key in self._bars:
            self._progress.remove_task(self._bars.pop(key))


class RateColumn(ProgressColumn):
    """How many a second, or how long one takes."""

    def render(self, task: Task) -> Text:
        """The rate in words; nothing while there is none to tell."""
        speed = task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.3g}/s" if speed >= 1 else f"{1 / speed:.3g} s each")


class LeftColumn(ProgressColumn):
    """The time left, as the run itself estimates it."""

    def render(self, task: Task) -> Text:
        """The time in words; nothing while it is unknown."""
        left = task.fields.get("left")
        return Text("" if left is None else f"{duration(left)} left")
