"""The task flow-predict: the flow of a recording, time bin by time bin, into files."""

from collections.abc import Iterator

from wholefield.flow.predictor import Flow, FlowPredictor
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import ReportFunction, Started
from wholefield.sources.events.opening import open_indexed
from wholefield.tasks.events.fields import write_fields
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.tasks.events.settings import INDEXING, FlowPredictSettings
from wholefield.training.devices import resolve

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
    network, card = load_flow(settings.checkpoint)
    given = input_of(card)
    indexed = PartCounter(INDEXING, 0, report, control).done
    with open_indexed(
        settings.recording, reading=settings.reading, filters=settings.filters, progress=indexed
    ) as recording:
        predictor = FlowPredictor(network.to(resolve(settings.device)), given, recording)
        end = (
            recording.duration_us if settings.end_us is None else min(settings.end_us, recording.duration_us)
        )
        count = max(-(-end // given.delta_t) - settings.start_us // given.delta_t, 0)

        counter = PartCounter("Estimating flow", count, report, control)

        def fields() -> Iterator[Flow]:
            for done, (_, flow) in enumerate(predictor.flows(settings.start_us, end), start=1):
                yield flow * (given.delta_t / SECOND)
                counter.done(done)

        shape = (count, recording.height, recording.width)
        write_fields(settings.result(folder.path), settings.format, fields(), shape, given.delta_t)
