"""Executing a run: the one entry for the window, the command line and scripts."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from wholefield.errors import WholefieldError
from wholefield.runs.control import Control, Discarded, StopAndKeep
from wholefield.runs.faults import sentence_of
from wholefield.runs.folder import RunFolder
from wholefield.runs.lock import locked
from wholefield.runs.paths import absolute
from wholefield.runs.provenance import Provenance
from wholefield.runs.reports import (
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    Message,
    Reason,
    Report,
    ReportFunction,
    Started,
    StepDone,
)
from wholefield.runs.settings import RunSettings, save_settings

Runner = Callable[[RunSettings, RunFolder, ReportFunction, Control], None]


def execute(
    runner_of: Callable[[RunSettings], Runner],
    settings: RunSettings,
    folder: Path,
    report: ReportFunction,
    control: Control,
) -> Finished | Failed:
    """Do a run to its end, in the calling thread.

    A folder that holds an earlier, unfinished part of the same run is continued. However the run ends, the
    last report says so and is returned; no error leaves this function. A discarded run removes its folder,
    unless it continued an earlier one: that one stays as its last checkpoint left it.

    Args:
        runner_of: gives, and imports where needed, what does the run with such settings.
        settings: the settings.
        folder: the run folder, such as `RunFolder.create(...).path`; made where missing.
        report: called with every report, in this thread.
        control: polled between tiles and between steps.
    """
    try:
        settings.validate()
        run = RunFolder.prepare(folder, settings)
        with locked(run):
            end = _execute(runner_of, settings, run, report, control)
    except WholefieldError as error:
        end = Failed(str(error))
        report(end)
    except OSError as error:
        end = Failed(sentence_of(error, folder) or f"{folder} cannot be written to ({error}).")
        report(end)
    return end


def _execute(
    runner_of: Callable[[RunSettings], Runner],
    settings: RunSettings,
    run: RunFolder,
    report: ReportFunction,
    control: Control,
) -> Finished | Failed:
    continued = run.last.exists()
    record = recorder(run, settings, report)
    try:
        control.poll()
        runner_of(settings)(settings, run, record, control)
        end: Finished | Failed = Finished(run.path, Reason.COMPLETED)
    except StopAndKeep:
        end = Finished(run.path, Reason.STOPPED)
    except Discarded:
        if not continued:
            run.remove()
            end = Finished(run.path, Reason.DISCARDED)
            report(end)
            return end
        end = Finished(run.path, Reason.DISCARDED)
    except WholefieldError as error:
        end = Failed(str(error))
    except Exception as error:
        end = Failed(sentence_of(error, run.path) or _unexpected(error, run))
    try:
        record(end)
    except OSError:
        # Not even the log takes any more; whoever waits for the end is told all the same.
        report(end)
    return end


def _unexpected(error: Exception, run: RunFolder) -> str:
    details = "".join(traceback.format_exception(error))
    with suppress(OSError):
        run.log(details)
    kind = type(error).__name__
    return f"The run failed unexpectedly ({kind}: {error}); the details are in {run.log_file}."


def recorder(run: RunFolder, settings: RunSettings, report: ReportFunction) -> ReportFunction:
    """A report function that writes metrics and log of the run folder before it hands a report on."""

    def record(item: Report) -> None:
        match item:
            case Started():
                # Only now: settings that cannot continue an earlier part must not replace its own.
                save_settings(absolute(settings), run.settings_file)
                run.log(f"Started {item.task}.")
                if not run.provenance_file.exists():
                    Provenance.now(absolute(settings)).write(run.provenance_file)
            case StepDone():
                terms = {f"loss_{name}": value for name, value in item.terms.items()}
                run.add_metrics(item.epoch, item.step, {"loss": item.loss, **terms})
            case EpochDone():
                run.add_metrics(item.epoch, item.step, item.metrics)
                values = ", ".join(f"{name} {value:.4g}" for name, value in item.metrics.items())
                run.log(f"Epoch {item.epoch}: {values}.")
            case CheckpointSaved():
                run.log(f"Saved {item.path.name}.")
            case Message():
                run.log(f"{item.level}: {item.text}")
            case Finished():
                run.log(f"Ended: {item.reason}.")
            case Failed():
                run.log(f"Failed: {item.message}")
        report(item)

    return record
