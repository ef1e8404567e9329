"""Writes the flow of a recording into files. Imports no torch."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.runs.control import Control, StopAndKeep
from wholefield.runs.eta import PartCounter, Step
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.fields import write_fields
from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.settings import INDEXING, FlowFormat

SECOND = 1e6


@dataclass(frozen=True)
class Exported:
    """Where the result of an export lies, and whether it is all that was asked for."""

    path: Path
    complete: bool


def export_flow(settings: FlowExportSettings, report: ReportFunction, control: Control) -> Exported:
    """Write the fields; if stopped early, the files already written are kept, but no HDF5 file.

    Raises:
        WholefieldError: Something cannot be read or written.
        RunCancelled: It was stopped, and nothing is left.
    """
    from wholefield.sources import open_indexed

    indexed = PartCounter(INDEXING, 0, report, control).done
    step = PartCounter("Exporting fields", 0, report, control).done
    with (
        open_indexed(
            settings.recording, reading=settings.reading, filters=settings.filters, progress=indexed
        ) as recording,
        closing(settings.source.open(recording)) as flow,
    ):
        end = (
            recording.duration_us if settings.end_us is None else min(settings.end_us, recording.duration_us)
        )
        times = range(settings.start_us, end, settings.delta_t)
        shape = len(times), recording.height, recording.width
        try:
            write_fields(settings.out, settings.format, _fields(flow, times, step), shape, settings.delta_t)
        except StopAndKeep:
            if settings.format is FlowFormat.HDF5:
                raise
            return Exported(settings.out, complete=False)
        except OSError as error:
            raise unwritable(settings.out, error) from error
    return Exported(settings.out, complete=True)


def unwritable(path: Path, error: OSError) -> SettingError:
    """What is said where an export cannot be written."""
    return SettingError(
        f"{path} cannot be written ({error.strerror or error}); choose another folder or free disk space."
    )


def _fields(flow: FlowProvider, times: range, step: Step) -> Iterator[npt.NDArray[np.float32]]:
    for index, time_us in enumerate(times):
        field = flow.flow_at(time_us)
        if field is None:
            raise SettingError(f"{flow.name} has no flow at {time_us} us; choose a range within it.")
        yield field.flow * np.float32(times.step / SECOND)
        step(index + 1, len(times))
