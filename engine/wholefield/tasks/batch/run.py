"""Doing the jobs of a batch, one after the other or on many processes; failed ones are reported and skipped."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from wholefield.runs.control import Control, RunState
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.provenance import fingerprint
from wholefield.runs.reports import (
    Failed,
    Finished,
    Level,
    Message,
    PartDone,
    Reason,
    Report,
    ReportFunction,
    TileDone,
    ignore,
)
from wholefield.tasks.batch.jobs import DONE, FAILED, Job, Outcome, read_outcome
from wholefield.tasks.registry import run_task

Doer = Callable[[Sequence[Job], ReportFunction, Control], Iterator[tuple[int, Outcome]]]
"""Does jobs in any order and gives the place of each with what came of it; ends early where the control asks for it."""


def run_batch(
    jobs: Sequence[Job], do: Doer, report: ReportFunction, control: Control
) -> list[tuple[Job, Outcome]]:
    """Do all jobs that no earlier batch has done.

    Args:
        jobs: The jobs.
        do: `one_by_one`, or that of several processes.
        report: Called with every report.
        control: Both stopping and discarding end the batch; what is done stays, and a later call goes on.

    Returns:
        The jobs that are done or failed, in their order.
    """
    found: dict[int, Outcome] = {
        place: outcome for place, job in enumerate(jobs) if (outcome := read_outcome(job)) is not None
    }
    if found:
        report(Message(Level.INFO, f"{len(found)} of {len(jobs)} files are done already."))
    # Large ones first: none is left alone at the end.
    left = sorted(set(range(len(jobs))) - set(found), key=lambda place: -jobs[place].size)
    counter = PartCounter("Files", len(left), report, Control())
    for done, (index, outcome) in enumerate(do([jobs[place] for place in left], report, control), start=1):
        found[left[index]] = outcome
        if outcome.status == FAILED:
            report(Message(Level.WARNING, f"{outcome.file} failed: {outcome.error}"))
        counter.done(done)
    return [(jobs[place], found[place]) for place in sorted(found)]


def one_by_one(
    jobs: Sequence[Job], report: ReportFunction, control: Control
) -> Iterator[tuple[int, Outcome]]:
    """Do jobs in this process."""

    def inner(item: Report) -> None:
        if isinstance(item, TileDone | PartDone) or (
            isinstance(item, Message) and item.level is Level.WARNING
        ):
            report(item)

    for index, job in enumerate(jobs):
        outcome = do_job(job, inner, control)
        if outcome is None or control.state in (RunState.STOPPING, RunState.DISCARDING):
            if outcome is not None:
                yield index, outcome
            return
        yield index, outcome


def do_job(job: Job, report: ReportFunction = ignore, control: Control | None = None) -> Outcome | None:
    """Do a job; what comes of it is kept in its folder. None where the control ended it.

    One that is done is not done again: a cluster that loses a process asks for what it had finished once more.
    """
    if (earlier := read_outcome(job)) is not None:
        return earlier
    begun = time.monotonic()
    end = run_task(job.settings, job.folder, report, control or Control())
    seconds = round(time.monotonic() - begun, 3)
    match end:
        case Finished(reason=Reason.COMPLETED):
            figures = RunFolder(job.folder).figures()
            outcome = Outcome(str(job.file), DONE, "", seconds, fingerprint(job.file), figures)
        case Failed():
            outcome = Outcome(str(job.file), FAILED, end.message, seconds)
        case _:
            return None
    if job.folder.is_dir():
        outcome.write(job.folder)
    return outcome


def lost(job: Job, deaths: int) -> Outcome:
    """What is said of a job that has ended its process every time."""
    text = f"The process that worked on it died {deaths} times, the last time without a word; it may lack memory."
    return Outcome(str(job.file), FAILED, text)


def summary(outcomes: Sequence[tuple[Job, Outcome]], jobs: Sequence[Job], table: Path) -> str:
    """How many are done, failed and left, and where the table is."""
    failed = sum(outcome.status == FAILED for _, outcome in outcomes)
    left = len(jobs) - len(outcomes)
    counts = [f"{len(outcomes) - failed} done", f"{failed} failed", *([f"{left} left"] if left else [])]
    return f"{table}: {', '.join(counts)}"
