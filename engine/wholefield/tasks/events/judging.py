"""Evaluates the flow in a window of a recording, for the app and for `wholefield score`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter, Step
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.provider import FlowSource, moved_by_filters
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.events.settings import INDEXING

if TYPE_CHECKING:
    from wholefield.flow.scores.scorecard import ScoreCard
    from wholefield.sources import Recording

MOST_EVENTS = 3_000_000
MOST_PARTS = 40
# A window is read in parts, so that one that holds too much is refused before it fills the memory.
PART_US = 20_000
SECOND = 1e6

Flow = npt.NDArray[np.float32]
Events = npt.NDArray[Any]


def judge(settings: ScoreSettings, report: ReportFunction, control: Control) -> ScoreCard:
    """The score card; with the errors against the true flow where labels lie beside the recording.

    Raises:
        WholefieldError: There is no flow in the window, or something cannot be read.
        RunCancelled: It was stopped.
    """
    from wholefield.flow.scores.scorecard import score_flow
    from wholefield.sources import open_indexed

    if settings.recording is None:
        raise SettingError("Give a recording to evaluate the flow in a window of it.")

    def begin(what: str) -> Step:
        return PartCounter(what, 0, report, control).done

    with (
        open_indexed(
            settings.recording, reading=settings.reading, filters=settings.filters, progress=begin(INDEXING)
        ) as recording,
        closing(settings.source.open(recording)) as flow,
    ):
        start, end = window_of(settings, recording, flow)
        events = events_in(recording, start, end, begin("Reading events"))
        fields = fields_in(flow, start, end, begin("Estimating the flow"))
        truth = truth_in(recording, start, end)
        progress = begin("Comparing translations")
        return score_flow(events, fields, start, end, truth, name=flow.name, progress=progress)


def window_of(settings: ScoreSettings, recording: Recording, flow: FlowProvider) -> tuple[int, int]:
    """The window that is given, or one around a moment in which the events move far enough for FWL to tell.

    Raises:
        SettingError: There is no flow at the moment.
    """
    from wholefield.flow.scores.sharpness import ENOUGH_PX, LONGEST_US, SHORTEST_US, median_motion

    if settings.start_us is not None and settings.end_us is not None:
        return settings.start_us, settings.end_us
    moment = recording.duration_us // 2 if settings.at_us is None else settings.at_us
    events = recording.events(max(moment - settings.sample_us, 0), max(moment, 1))
    speed = median_motion(events, flow_in(flow, moment), SECOND)
    length = int(np.clip(SECOND * ENOUGH_PX / speed, SHORTEST_US, LONGEST_US)) if speed > 0 else LONGEST_US
    start = max(min(moment - length // 2, recording.duration_us - length), 0)
    return start, min(start + length, recording.duration_us)


def events_in(recording: Recording, start_us: int, end_us: int, step: Step) -> Events:
    """The events of a window.

    Raises:
        SettingError: There are none, or more than can be evaluated.
    """
    parts, count = [], 0
    for begin in range(start_us, end_us, PART_US):
        parts.append(recording.events(begin, min(begin + PART_US, end_us)))
        count += len(parts[-1])
        if count > MOST_EVENTS:
            raise SettingError(
                f"The window from {start_us} to {end_us} us holds more than {MOST_EVENTS:,} events; choose "
                "a shorter one."
            )
        step(min(begin + PART_US, end_us) - start_us, end_us - start_us)
    if count == 0:
        raise SettingError(
            f"{recording.name} has no events from {start_us} to {end_us} us; choose another window."
        )
    return np.concatenate(parts)


def fields_in(flow: FlowProvider, start_us: int, end_us: int, step: Step) -> Flow:
    """The flow in equal parts of a window, each about as long as a field holds, (T, 2, H, W) in px per s.

    Raises:
        SettingError: There is no flow in it.
    """
    length = end_us - start_us
    field = flow.flow_at((start_us + end_us) // 2)
    usual = length if field is None else max(field.end_us - field.start_us, 1)
    parts = min(max(round(length / usual), 1), MOST_PARTS)
    fields = []
    for time_us in _middles(start_us, end_us, parts):
        fields.append(flow_in(flow, time_us))
        step(len(fields), parts)
    return np.stack(fields)


def flow_in(flow: FlowProvider, time_us: int) -> Flow:
    """The flow at a moment.

    Raises:
        SettingError: There is none.
    """
    field = flow.flow_at(time_us)
    if field is None:
        raise SettingError(f"{flow.name} has no flow at {time_us} us; go to another moment.")
    return field.flow


def truth_in(recording: Recording, start_us: int, end_us: int) -> Flow | None:
    """The mean true flow of a window, (2, H, W) in px per s; None where no labels tell it."""
    from wholefield.export.flow import labels_path

    path = labels_path(recording.path)
    if not path.is_file() or moved_by_filters(recording):
        return None
    with closing(FlowSource(path).open(recording)) as truth:
        fields = [truth.flow_at(time_us) for time_us in _middles(start_us, end_us, MOST_PARTS)]
    known = [field.flow for field in fields if field is not None]
    return np.mean(known, axis=0) if len(known) == len(fields) else None


def _middles(start_us: int, end_us: int, parts: int) -> Iterator[int]:
    return (start_us + (end_us - start_us) * (2 * part + 1) // (2 * parts) for part in range(parts))
