"""Reports and times in words."""

from wholefield.runs.eta import duration
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    Message,
    PartDone,
    Reason,
    Report,
    Started,
    StepDone,
    TileDone,
)


def sentence(report: Report) -> str | None:
    """A report in words; None where there is nothing to say."""
    match report:
        case Started():
            return f"{report.task}: run folder {report.folder}"
        case StepDone():
            left = "" if report.seconds_left is None else f", {duration(report.seconds_left)} left"
            return (
                f"epoch {report.epoch}/{report.epochs}, step {report.step}/{report.steps}: "
                f"loss {report.loss:.4g}{left}"
            )
        case EpochDone():
            values = ", ".join(f"{name} {value:.4g}" for name, value in report.metrics.items())
            return f"epoch {report.epoch}: {values}"
        case TileDone():
            place = ", ".join(str(index + 1) for index in report.index)
            counts = " x ".join(str(count) for count in report.counts)
            return f"{report.sweep} sweep, tile ({place}) of {counts}"
        case PartDone():
            left = "" if not report.seconds_left else f", {duration(report.seconds_left)} left"
            return f"{report.what}: {report.done}/{report.total}{left}"
        case Message():
            return f"{report.level}: {report.text}"
        case Finished(reason=Reason.DISCARDED):
            return "discarded"
        case Finished():
            return f"{report.reason}: {report.folder}"
        case Failed():
            return f"error: {report.message}"
        case _:
            return None
