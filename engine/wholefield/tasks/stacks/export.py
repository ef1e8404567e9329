"""A stack written as another format, plane by plane."""

from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.tasks.stacks.output_settings import StackExportSettings
from wholefield.tasks.stacks.writing import lost_place, write_stack


@dataclass(frozen=True)
class Exported:
    """What came of an export.

    Attributes:
        path: what was written.
        lost: a sentence on what the format has no place for; empty where nothing is lost.
    """

    path: Path
    lost: str


def export_stack(settings: StackExportSettings, report: ReportFunction, control: Control) -> Exported:
    """Write a stack, whole or not at all.

    Raises:
        WholefieldError: it cannot be read, or not be written like this.
        RunCancelled: the control asked for it; nothing is left behind.
    """
    with open_stack(settings.stack, settings.dataset, reading=settings.reading) as stack:
        for text in stack.warnings:
            report(Message(Level.WARNING, text))
        try:
            _write(settings, stack, PartCounter("Exporting slices", stack.shape[0], report, control))
        except OSError as error:
            raise SettingError(
                f"{settings.out} cannot be written ({error.strerror or error}); "
                "choose another folder or free disk space."
            ) from error
        lost = lost_place(settings.format, stack.geometry)
    if lost:
        report(Message(Level.INFO, lost))
    return Exported(settings.out, lost)


def _write(settings: StackExportSettings, stack: StackSource, counter: PartCounter) -> None:
    write_stack(
        settings.format,
        settings.out,
        (stack.plane(0, index) for index in range(stack.shape[0])),
        stack.shape,
        stack.dtype,
        stack.geometry,
        lambda done, _: counter.done(done),
        labels=settings.labels,
        channels=stack.channels,
        names=stack.channel_names,
    )
