"""The flow of a recording by a checkpoint, moment by moment, as a window shows it while it plays."""

from pathlib import Path

from wholefield.flow.predictor import Flow, FlowPredictor
from wholefield.flow.representations.registry import SizedEventSource
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.training.devices import resolve
from wholefield.training.settings import Device


class MomentFlow:
    """Flow of the time bins [k delta_t, (k + 1) delta_t), so that playback moves from one bin to the next.

    Attributes:
        card: What is known of the network.

    Args:
        checkpoint: A checkpoint of a flow training.
        recording: The recording.
        device: Device to compute on.

    Raises:
        SourceError: The checkpoint is missing, damaged or something else.
    """

    def __init__(self, checkpoint: Path, recording: SizedEventSource, device: Device = Device.AUTO) -> None:
        network, self.card = load_flow(checkpoint)
        self._given = input_of(self.card)
        self._predictor = FlowPredictor(network.to(resolve(device)), self._given, recording)
        self._bins = max(1, -(-recording.duration_us // self._given.delta_t))

    def flow_at(self, time_us: int) -> tuple[Flow, int, int]:
        """The flow of the bin that holds a moment, and when the bin begins and ends; the last bin for later moments.

        Args:
            time_us: The moment, on the clock of the recording.

        Returns:
            float32 (2, H, W) in px per s, x first; beginning and end in us.

        Raises:
            SourceError: The recording cannot be read there.
        """
        step = self._given.delta_t
        index = min(max(time_us // step, 0), self._bins - 1)
        return self._predictor.flow_of(index), index * step, (index + 1) * step
