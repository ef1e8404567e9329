"""Flow of a recording at any moment: one moment, one flow, however one comes to it.

The time line is divided into bins [k delta_t, (k + 1) delta_t) from 0 on, and into sections of `SECTION` bins. The
state of the network is empty `WARM_UP` bins before a section begins, and is run from there up to the bin that is asked
for, one bin at a time. So the flow of a bin depends on the recording and on nothing that was asked before.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.representations import SizedEventSource, make_features
from wholefield.networks.flow.memory import Memory, memory_of, remember

SECTION = 8
"""Time bins from one anchor of the state to the next."""
WARM_UP = 4
"""Time bins that are run in before a section; more of them hardly change the flow of a trained network."""

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
    """Dense flow of one recording, bin by bin. Any thread may call it; calls run one at a time.

    Bins that follow each other continue from the last state, and the state of the next section is run in meanwhile,
    so that playback does not stop at its anchor. After a jump at most `SECTION` + `WARM_UP` bins are computed; a bin
    that was computed in the section at hand is at hand still, so that stepping back costs nothing.

    Args:
        network: A trained network; it is put into evaluation mode, and must not be used elsewhere.
        given: What the network expects.
        recording: The recording.
        warm_up: Time bins that are run in before a section.
        section: Time bins of a section.

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
        self,
        network: FlowNetwork,
        given: FlowInput,
        recording: SizedEventSource,
        warm_up: int = WARM_UP,
        section: int = SECTION,
    ) -> None:
        self.given = given
        self._network = network.eval()
        self._recording = recording
        self._warm_up, self._section = warm_up, section
        self._lock = threading.Lock()
        # By section, the last bin that its state has seen and that state; and the flows of its bins so far.
        self._states: dict[int, tuple[int, Memory]] = {}
        self._found: dict[int, dict[int, torch.Tensor]] = {}
        self._features: tuple[int, torch.Tensor] | None = None
        self._newest: tuple[int, Flow] | None = None

    def flow_at(self, time_us: int) -> Flow:
        """The flow of the bin that holds a moment or ends at it, float32 (2, H, W), x, y, in px of the sensor per s.

        Args:
            time_us: The moment in us since the start of the recording; earlier ones have the flow of the first bin.

        Returns:
            The flow; do not write into it.

        Raises:
            SourceError: The recording cannot be read there.
        """
        return self.flow_of(max(-(-time_us // self.given.delta_t) - 1, 0))

    def flow_of(self, index: int) -> Flow:
        """The flow of the bin [index delta_t, (index + 1) delta_t); see `flow_at`."""
        with self._lock:
            last, flow = self._newest or (-1, None)
            if flow is None or last != index:
                flow = self._to_sensor(self._compute(index, playing=last == index - 1))
                self._newest = index, flow
            return flow

    def flows(self, start_us: int = 0, end_us: int | None = None) -> Iterator[tuple[int, Flow]]:
        """Start in us and flow of every bin that shares a moment with [start_us, end_us), in order."""
        step = self.given.delta_t
        stop = self._recording.duration_us if end_us is None else end_us
        for index in range(start_us // step, -(-stop // step)):
            yield index * step, self.flow_of(index)

    def _compute(self, index: int, *, playing: bool) -> torch.Tensor:
        """The flow (2, h, w) of a bin in px of the features per bin; when playing, the next section is run in, too."""
        section = index // self._section
        for known in set(self._states) - {section, section + 1}:
            del self._states[known], self._found[known]
        flow = self._advance(section, index)
        if playing and index >= self._first(section + 1):
            self._advance(section + 1, index)
        return flow

    def _advance(self, section: int, index: int) -> torch.Tensor:
        """The flow of a bin by the state of a section, which is brought up to it where it lags behind."""
        found = self._found.setdefault(section, {})
        done, memory = self._states.get(section, (self._first(section) - 1, None))
        for current in range(done + 1, index + 1):
            remember(self._network, memory or [None] * len(memory_of(self._network)))
            features = self._features_of(current)
            with torch.inference_mode():
                found[current] = self._network(features)[-1][-1, 0].float().cpu()
            memory = memory_of(self._network)
            self._states[section] = current, memory
        return found[index]

    def _first(self, section: int) -> int:
        """The bin before which the state of a section is empty."""
        return max(section * self._section - self._warm_up, 0)

    def _features_of(self, index: int) -> torch.Tensor:
        if self._features is None or self._features[0] != index:
            made = self.given.features(self._recording, index * self.given.delta_t, 1)
            device = next(self._network.parameters()).device
            self._features = index, torch.from_numpy(made)[:, None].to(device)
        return self._features[1]

    def _to_sensor(self, flow: torch.Tensor) -> Flow:
        return to_sensor(flow, self.given, self._recording) * np.float32(1e6 / self.given.delta_t)


def to_sensor(flow: torch.Tensor, given: FlowInput, recording: SizedEventSource) -> Flow:
    """Flow (2, h, w) in px of the features as float32 (2, H, W) in px of the sensor."""
    factor = 1 << given.downsampling_factor
    if factor > 1:
        flow = torch.nn.functional.interpolate(
            flow[None], scale_factor=factor, mode="bilinear", align_corners=False
        )[0]
    found: Flow = (flow[:, : recording.height, : recording.width] * factor).numpy()
    return found
