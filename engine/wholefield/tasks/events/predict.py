"""The task flow-predict: the flow of a recording, time bin by time bin, into files."""

from collections.abc import Iterator

import numpy as np

from wholefield.flow.contrast_flow import Flow
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import ReportFunction, Started
from wholefield.sources.events.opening import open_indexed
from wholefield.tasks.events.fields import write_fields
from wholefield.tasks.events.moments import open_moments
from wholefield.tasks.events.settings import INDEXING, FlowPredictSettings

SECOND = 1e6


def predict_flow(
    settings: FlowPredictSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task: NAME_flow.h5, or NAME_flow with a file for every time bin, in the run folder.

    All hold displacements in px of the sensor over a time bin.

    Raises:
        WholefieldError: recording, checkpoint or settings cannot work.
        StopAndKeep, Discarded: the control asked for it, between two time bins.
    """
    report(Started(settings.task, folder.path))
    indexed = PartCounter(INDEXING, 0, report, control).done
    with open_indexed(
        settings.recording, reading=settings.reading, filters=settings.filters, progress=indexed
    ) as recording:
        moments = open_moments(settings.checkpoint, recording, settings.device)
        step = moments.delta_t
        end = (
            recording.duration_us if settings.end_us is None else min(settings.end_us, recording.duration_us)
        )
        bins = range(settings.start_us // step, -(-end // step))
        counter = PartCounter("Estimating flow", len(bins), report, control)

        def fields() -> Iterator[Flow]:
            for done, index in enumerate(bins, start=1):
                yield moments.flow_of(index) * np.float32(step / SECOND)
                counter.done(done)

        shape = (len(bins), recording.height, recording.width)
        write_fields(settings.result(folder.path), settings.format, fields(), shape, step)
