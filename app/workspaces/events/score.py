"""Judges the flow in a window of the open recording; runs in worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.viewer.events.flow_file import open_flow
from app.viewer.events.flow_layer import FlowProvider
from app.viewer.events.timeline import Span
from engine.errors import SettingError

if TYPE_CHECKING:
    from engine.flow.scorecard import ScoreCard
    from engine.sources import Recording

MOST_EVENTS = 3_000_000
MOST_PARTS = 40
SECOND = 1e6

Flow = npt.NDArray[np.float32]


class Window(StrEnum):
    """Which events a flow is judged by."""

    ENOUGH = "enough"
    FRAME = "frame"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class ScoreRequest:
    """What is to be judged.

    Attributes:
        recording: The open recording.
        flow: Where the flow comes from.
        window: Which events count.
        time_us: The playhead.
        accumulation_us: Of a frame.
        chosen: The stretch that the user chose, or None.
    """

    recording: Recording
    flow: FlowProvider
    window: Window
    time_us: int
    accumulation_us: int
    chosen: Span | None


def measure(request: ScoreRequest) -> ScoreCard:
    """The score card; with the errors against the true flow where labels lie beside the recording.

    Raises:
        TesseraError: There is no flow in the window, or something cannot be read.
    """
    from engine.flow.scorecard import score_flow

    recording = request.recording
    with closing(request.flow.again(recording)) as provider:
        span = window_of(request, provider)
        if (count := recording.count(span.start_us, span.end_us)) > MOST_EVENTS:
            raise SettingError(
                f"The window holds {count:,} events; choose a stretch with at most {MOST_EVENTS:,} to judge the flow."
            )
        flow = fields_in(provider, span)
    return score_flow(
        recording.events(span.start_us, span.end_us), flow, span.start_us, span.end_us,
        truth=truth_in(recording, span), name=request.flow.name,
    )  # fmt: skip


def window_of(request: ScoreRequest, provider: FlowProvider) -> Span:
    """The window that is asked for.

    Raises:
        SettingError: No stretch is chosen.
    """
    if request.window is Window.CHOSEN:
        if request.chosen is None:
            raise SettingError(
                "No stretch is chosen; drag with Shift over the event rate, or judge another window."
            )
        return request.chosen
    if request.window is Window.FRAME:
        return Span(*_frame_of(request))
    return _enough(request, flow_in(provider, request.time_us))


def _enough(request: ScoreRequest, flow: Flow) -> Span:
    """So much time around the playhead that the events of the frame move far enough for FWL to tell."""
    from engine.flow.sharpness import ENOUGH_PX, LONGEST_US, SHORTEST_US, median_motion

    events = request.recording.events(*_frame_of(request))
    speed = median_motion(events, flow, SECOND)
    length = int(np.clip(SECOND * ENOUGH_PX / speed, SHORTEST_US, LONGEST_US)) if speed > 0 else LONGEST_US
    start = max(request.time_us - length // 2, 0)
    return Span(start, start + length)


def _frame_of(request: ScoreRequest) -> tuple[int, int]:
    return max(request.time_us - request.accumulation_us, 0), max(request.time_us, 1)


def fields_in(provider: FlowProvider, span: Span) -> Flow:
    """The flow in equal parts of a window, each about as long as a field holds, (T, 2, H, W) in px per s.

    Raises:
        SettingError: There is no flow in it.
    """
    middle = (span.start_us + span.end_us) // 2
    field = provider.flow_at(middle)
    length = span.length if field is None else max(field.end_us - field.start_us, 1)
    parts = min(max(round(span.length / length), 1), MOST_PARTS)
    return np.stack([flow_in(provider, time_us) for time_us in _middles(span, parts)])


def flow_in(provider: FlowProvider, time_us: int) -> Flow:
    """The flow at a moment.

    Raises:
        SettingError: There is none.
    """
    field = provider.flow_at(time_us)
    if field is None:
        raise SettingError(f"{provider.name} has no flow at {time_us} us; go to another moment.")
    return field.flow


def truth_in(recording: Recording, span: Span) -> Flow | None:
    """The mean true flow of a window, (2, H, W) in px per s; None where no labels tell it."""
    from engine.export.flow import labels_path

    path = labels_path(recording.path)
    if not path.is_file():
        return None
    with closing(open_flow(path, recording)) as provider:
        fields = [provider.flow_at(time_us) for time_us in _middles(span, MOST_PARTS)]
    known = [field.flow for field in fields if field is not None]
    return np.mean(known, axis=0) if len(known) == len(fields) else None


def _middles(span: Span, parts: int) -> Iterator[int]:
    return (span.start_us + span.length * (2 * part + 1) // (2 * parts) for part in range(parts))
