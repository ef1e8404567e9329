"""The task flow-predict: the flow of a recording, time bin by time bin, into files."""

from collections.abc import Iterator

from wholefield.flow.predictor import Flow, FlowPredictor
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import PartDone, ReportFunction, Started
from wholefield.sources.events.opening import open_recording
from wholefield.tasks.events.fields import write_fields
from wholefield.tasks.events.settings import FlowPredictSettings
from wholefield.tasks.events.spec import load_flow
from wholefield.training.devices import resolve

SECOND = 1e6


def predict_flow(
    config: FlowPredictSettings, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    """Run the task: NAME_flow.h5, or NAME_flow with a file for every time bin, in the run folder.

    All hold displacements in px of the sensor over a time bin.

    Raises:
        WholefieldError: recording, checkpoint or settings cannot work.
        StopAndKeep, Discarded: the control asked for it, between two time bins.
    """
    report(Started(config.task, folder.path))
    network, spec = load_flow(config.checkpoint)
    with open_recording(config.recording) as recording:
        predictor = FlowPredictor(network.to(resolve(config.device)), spec.given, recording)
        end = recording.duration_us if config.end_us is None else min(config.end_us, recording.duration_us)
        count = max(-(-(end - config.start_us) // spec.delta_t), 0)

        def fields() -> Iterator[Flow]:
            for done, (_, flow) in enumerate(predictor.flows(config.start_us, end), start=1):
                control.poll()
                yield flow * (spec.delta_t / SECOND)
                report(PartDone("Finding flow", done, count))

        shape = (count, recording.height, recording.width)
        write_fields(config.result(folder.path), config.format, fields(), shape, spec.delta_t)
