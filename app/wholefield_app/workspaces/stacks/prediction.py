"""Predicts on the open stack and writes stacks as other formats; in the threads of runs."""

from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Finished, Reason, ReportFunction
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.output_settings import StackExportSettings, StackFormat, StackPredictSettings
from wholefield.tasks.stacks.published.settings import StackApplySettings
from wholefield_app.document.export import Written

if TYPE_CHECKING:
    from wholefield_app.workspaces.stacks.opening import OpenStack

FORMATS = {
    f"{form.label} ({' '.join(f'*{suffix}' for suffix in form.suffixes)})": form.suffixes
    for form in StackFormat
}


def predict(
    settings: StackPredictSettings | StackApplySettings, runs: Path, report: ReportFunction, control: Control
) -> Path | None:
    """Predict in a new folder under `runs`. The file of the result, or None if there is none."""
    run = RunFolder.create(runs, settings)
    end = run_task(settings, run.path, report, control)
    completed = isinstance(end, Finished) and end.reason is Reason.COMPLETED
    return settings.result(run.path) if completed else None


def export_settings(stack: "OpenStack", path: Path) -> StackExportSettings:
    """The settings of an export of an open stack; the suffix of the name decides about the format."""
    source = stack.source
    return StackExportSettings(
        stack=source.path, dataset=source.dataset, reading=stack.reading_setting, out=path,
        labels=bool(stack.facts.labels),
    )  # fmt: skip


def export(settings: StackExportSettings, report: ReportFunction, control: Control) -> Written:
    """Write a stack that is opened for this alone, so that it may be closed in the window meanwhile.

    Raises:
        WholefieldError: It cannot be read, or not be written like this.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from wholefield.tasks.stacks.export import export_stack

    settings.validate()
    found = export_stack(settings, report, control)
    return Written(found.path, lost=found.lost)
