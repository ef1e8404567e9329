"""Flow of a recording at any moment, with the state of the network warmed up on the bins before."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.representations import SizedEventSource, make_features

WARM_UP = 4
"""Time bins before the requested one; more of them hardly change the flow of a trained network."""

Flow = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FlowInput:
    """What a network expects as input.

    Attributes:
        delta_t: Length of a time bin in us.
        preprocess: Name of the representation.
        arguments: Further arguments of the representation.
        downsampling_factor: Squares of 2 ** factor px of the sensor are one px of the features.

    Example:
        >>> from wholefield.flow import FlowInput
        >>> FlowInput(delta_t=10_000).preprocess
        'event_cube'
    """

    delta_t: int
    preprocess: str = "event_cube"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    downsampling_factor: int = 0

    def features(self, recording: SizedEventSource, start_us: int, count: int) -> npt.NDArray[np.float32]:
        """Features (T, C, h, w) of `count` time bins from a moment on; there are no events before the recording."""
        return make_features(
            recording,
            self.preprocess,
            self.delta_t,
            start_us,
            count,
            recording.height,
            recording.width,
            self.downsampling_factor,
            **self.arguments,
        )


class FlowPredictor:
    """Dense flow of one recording. Any thread may call it; calls run one at a time.

    Asked for moments in order, as during playback, it continues from its last state, even if some bins are skipped;
    after a jump it warms up a fresh one.

    Args:
        network: A trained network; it is put into evaluation mode, and must not be used elsewhere.
        given: What the network expects.
        recording: The recording.
        warm_up: Time bins before the requested one, after a jump.

    Example:
        >>> from wholefield.flow import FlowInput, FlowNetwork, FlowPredictor, SceneSettings
        >>> from wholefield.flow.simulator import write_simulation
        >>> from wholefield.sources.events.opening import open_recording
        >>> files = write_simulation("scene.h5", SceneSettings(width=32, height=24, duration_us=30_000))
        >>> network = FlowNetwork((1, 6, 24, 32), {"data": 1.0}, base=4, scales=2)
        >>> with open_recording(files.recording) as recording:
        ...     FlowPredictor(network, FlowInput(delta_t=10_000), recording).flow_at(20_000).shape
        (2, 24, 32)
    """

    def __init__(
        self, network: FlowNetwork, given: FlowInput, recording: SizedEventSource, warm_up: int = WARM_UP
    ) -> None:
        self.given = given
        self._network = network.eval()
        self._recording = recording
        self._warm_up = warm_up
        self._lock = threading.Lock()
        self._end: int | None = None
        self._flow: Flow | None = None

    def flow_at(self, time_us: int) -> Flow:
        """The flow in the time bin that ends at a moment, float32 (2, H, W), x then y, in px of the sensor per s.

        Before the end of the first bin it is that of the first bin.

        Args:
            time_us: The moment in us since the start of the recording.

        Returns:
            The flow; do not write into it.

        Raises:
            SourceError: The recording cannot be read there.
        """
        end = max(time_us, self.given.delta_t)
        with self._lock:
            if self._flow is None or end != self._end:
                self._flow = self._to_sensor(self._advance(end))
                self._end = end
            return self._flow

    def flows(self, start_us: int = 0, end_us: int | None = None) -> Iterator[tuple[int, Flow]]:
        """Start in us and flow of every time bin from start_us on, in order; the last one may be cut short."""
        step = self.given.delta_t
        stop = self._recording.duration_us if end_us is None else end_us
        for start in range(start_us, stop, step):
            yield start, self.flow_at(start + step)

    def _advance(self, end: int) -> torch.Tensor:
        """The flow (2, h, w) of the bin that ends at `end`, in px of the features per bin."""
        step, count = self.given.delta_t, self._bins_since(end)
        if count is None:
            count = 1 + min(self._warm_up, end // step - 1)
            self._network.reset()
        features = self.given.features(self._recording, end - count * step, count)
        device = next(self._network.parameters()).device
        with torch.inference_mode():
            return self._network(torch.from_numpy(features)[:, None].to(device))[-1][-1, 0].float().cpu()

    def _bins_since(self, end: int) -> int | None:
        """Bins from the last state to a moment; None if continuing takes more of them than a fresh state."""
        if self._end is None:
            return None
        count, rest = divmod(end - self._end, self.given.delta_t)
        return count if rest == 0 and 0 < count <= 1 + self._warm_up else None

    def _to_sensor(self, flow: torch.Tensor) -> Flow:
        height, width = self._recording.height, self._recording.width
        factor = 1 << self.given.downsampling_factor
        if factor > 1:
            flow = torch.nn.functional.interpolate(
                flow[None], scale_factor=factor, mode="bilinear", align_corners=False
            )[0]
        return (flow[:, :height, :width] * (factor * 1e6 / self.given.delta_t)).numpy()
