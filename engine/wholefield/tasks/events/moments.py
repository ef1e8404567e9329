"""The flow of a recording by a network or without one, bin by bin, as a window shows it while it plays."""

from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path

from wholefield.flow.contrast_flow import COARSE, ContrastSettings, Flow, contrast_flow
from wholefield.flow.representations.registry import SizedEventSource
from wholefield.tasks.events.shipped import CONTRAST, shipped_model
from wholefield.tasks.events.time_bin import fitting_bin
from wholefield.training.settings import Device

USUAL_BIN_US = 10_000
SECOND = 1e6


class Moments(ABC):
    """Flow of the time bins [k delta_t, (k + 1) delta_t), so that playback moves from one bin to the next.

    Attributes:
        delta_t: Length of a bin in us.
    """

    delta_t: int

    def __init__(self, recording: SizedEventSource) -> None:
        self._recording = recording

    @abstractmethod
    def flow_of(self, index: int) -> Flow:
        """The flow of a bin, float32 (2, H, W) in px per s, x first; do not write into it.

        Raises:
            SourceError: The recording cannot be read there.
        """

    def flow_at(self, time_us: int) -> tuple[Flow, int, int]:
        """The flow of the bin that holds a moment, and when the bin begins and ends; the last bin for later moments.

        Args:
            time_us: The moment, on the clock of the recording.

        Returns:
            float32 (2, H, W) in px per s, x first; beginning and end in us.

        Raises:
            SourceError: The recording cannot be read there.
        """
        step = self.delta_t
        bins = max(1, -(-self._recording.duration_us // step))
        index = min(max(time_us // step, 0), bins - 1)
        return self.flow_of(index), index * step, (index + 1) * step


class MomentFlow(Moments):
    """The flow by a network.

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
        from wholefield.flow.predictor import FlowPredictor
        from wholefield.tasks.events.model import input_for, load_flow
        from wholefield.training.devices import leave_one_core_free, resolve

        leave_one_core_free()
        super().__init__(recording)
        network, self.card = load_flow(checkpoint)
        network.to(resolve(device))
        given = input_for(network, self.card, recording)
        self.delta_t = given.delta_t
        self._predictor = FlowPredictor(network, given, recording)

    def flow_of(self, index: int) -> Flow:
        """See `Moments.flow_of`."""
        return self._predictor.flow_of(index)


class ContrastMoments(Moments):
    """The flow by contrast maximization, with the time bin that fits the motion; every bin is found by itself.

    Args:
        recording: The recording.
    """

    def __init__(self, recording: SizedEventSource) -> None:
        super().__init__(recording)
        self.delta_t = fitting_bin(recording, partial(self._moved, settings=COARSE)) or USUAL_BIN_US
        self._newest: tuple[int, Flow] | None = None

    def flow_of(self, index: int) -> Flow:
        """See `Moments.flow_of`."""
        if self._newest is None or self._newest[0] != index:
            self._newest = index, self._moved(index * self.delta_t, self.delta_t) * (SECOND / self.delta_t)
        return self._newest[1]

    def _moved(self, start_us: int, length: int, settings: ContrastSettings | None = None) -> Flow:
        recording = self._recording
        events = recording.events(start_us, start_us + length)
        return contrast_flow(events, start_us, length, recording.height, recording.width, settings)


def open_moments(path: Path, recording: SizedEventSource, device: Device = Device.AUTO) -> Moments:
    """The flow of a recording by a checkpoint, or by the method without a network that a file stands for.

    Raises:
        SourceError: The checkpoint is missing, damaged or something else.
    """
    if path == shipped_model(CONTRAST):
        return ContrastMoments(recording)
    return MomentFlow(path, recording, device)
