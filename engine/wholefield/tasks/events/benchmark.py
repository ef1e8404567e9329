"""Scores flow on DSEC and MVSEC as their benchmarks do: the true flow in their layouts, and the pixels that count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError, SourceError
from wholefield.export.flow import read_dsec_png
from wholefield.flow.scores.benchmark import BenchmarkCard, Errors
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import ReportFunction
from wholefield.sources.events.opening import open_indexed
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.flow_field import FlowProvider
from wholefield.tasks.events.mvsec import mvsec_truths
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield.tasks.events.settings import INDEXING
from wholefield.tasks.events.truth import Truth

DSEC_EVENTS = ("events/left/events.h5", "events_left/events.h5", "events.h5")
DSEC_FLOW = ("flow", "optical_flow")
ALL = "all"
SECOND = 1e6


@dataclass(frozen=True)
class Sequence:
    """A recording with true flow: its name, its events and how they are read, and where its flow lies."""

    name: str
    events: Path
    truth: Path
    filters: str = ""
    reading: str | None = None


def score_benchmark(settings: ScoreSettings, report: ReportFunction, control: Control) -> BenchmarkCard:
    """The errors on the sequences that the settings name.

    Raises:
        WholefieldError: Something is missing or cannot be read, or there is no flow.
        RunCancelled: It was stopped.
    """
    dsec = settings.dsec is not None
    sequences = (
        dsec_sequences(settings.dsec) if settings.dsec is not None else [mvsec_sequence(settings.mvsec)]
    )
    total, rows = Errors(), []
    for sequence in sequences:
        indexed = PartCounter(INDEXING, 0, report, control).done
        step = PartCounter(f"Scoring {sequence.name}", 0, report, control).done
        filters = ", ".join(filter(None, (sequence.filters, settings.filters)))
        with (
            open_indexed(
                sequence.events, reading=sequence.reading, filters=filters, progress=indexed
            ) as recording,
            closing(settings.source.open(recording)) as flow,
        ):
            truths = list((dsec_truths if dsec else mvsec_truths)(sequence.truth, recording, settings.frames))
            errors = Errors()
            for number, truth in enumerate(truths, 1):
                read = truth.load()
                errors.add(displacement(flow, truth.start_us, truth.end_us), read.flow, read.known)
                step(number, len(truths))
        rows.append(errors.row(sequence.name))
        total.merge(errors)
    if not total.pixels:
        raise SettingError("No pixel of these sequences has true flow within the recording; choose others.")
    what = (
        "DSEC: all pixels with true flow, in the rectified view"
        if dsec
        else f"MVSEC: pixels with events and true flow, over {settings.frames} frame(s), without the hood of the car"
    )
    return BenchmarkCard(what, settings.flow.name, (*rows, total.row(ALL)) if len(rows) > 1 else tuple(rows))


def displacement(flow: FlowProvider, start_us: int, end_us: int) -> npt.NDArray[np.float32]:
    """How far each pixel moves in a stretch, (2, H, W) in px: places follow the fields through it.

    Raises:
        SettingError: There is no flow in it.
    """
    moved: npt.NDArray[np.float32] | None = None
    now = start_us
    while now < end_us:
        found = flow.flow_at(now)
        if found is None:
            raise SettingError(f"{flow.name} has no flow at {now} us; it does not cover the true flow.")
        until = min(max(found.end_us, now + 1), end_us)
        step = found.flow.astype(np.float32) * np.float32((until - now) / SECOND)
        moved = step.copy() if moved is None else moved + _carried(step, moved)
        now = until
    assert moved is not None
    return moved


def _carried(step: npt.NDArray[np.float32], moved: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A field where pixels have moved to, bilinear; beyond the border as at it."""
    _, height, width = step.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    to_x, to_y = x + moved[0], y + moved[1]
    parts = [cv2.remap(each, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for each in step]
    return np.stack(parts).astype(np.float32)


def dsec_sequences(folder: Path) -> list[Sequence]:
    """The sequences of a folder of DSEC, or the folder itself where it is one.

    Raises:
        SettingError: There is none with events and true flow.
    """
    found = []
    for path in (folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
        events = next((path / name for name in DSEC_EVENTS if (path / name).is_file()), None)
        truth = next((path / name for name in DSEC_FLOW if (path / name / "forward").is_dir()), None)
        if events is not None and truth is not None:
            table = events.with_name("rectify_map.h5")
            filters = f'rectify="{table}"' if table.is_file() else ""
            found.append(Sequence(path.name, events, truth, filters))
    if not found:
        raise SettingError(
            f"{folder} has no sequence of DSEC: it needs events/left/events.h5, flow/forward/*.png and "
            "flow/forward_timestamps.txt in it or in its folders."
        )
    return found


def dsec_truths(folder: Path, recording: Recording, frames: int) -> Iterator[Truth]:
    """The fields of a sequence: forward/NUMBER.png, a row each of forward_timestamps.txt (from, to in us).

    Raises:
        SourceError: Table and pictures do not fit each other.
    """
    del frames
    table = folder / "forward_timestamps.txt"
    try:
        stamps = np.loadtxt(table, np.int64, delimiter=",", comments="#", ndmin=2)
    except (OSError, ValueError) as error:
        raise SourceError(f"{table} cannot be read as from, to in us: {error}.") from error
    pictures = sorted((folder / "forward").glob("*.png"))
    if stamps.shape != (len(pictures), 2):
        raise SourceError(
            f"{table} has {len(stamps)} rows for {len(pictures)} pictures; copy the sequence again."
        )
    for (start, end), picture in zip((stamps - recording.start_us).tolist(), pictures, strict=True):
        if start >= 0 and end <= recording.duration_us:
            yield Truth(start, end, partial(read_dsec_png, picture))


def mvsec_sequence(path: Path | None) -> Sequence:
    """A sequence of MVSEC: NAME_data.hdf5 with NAME_gt.hdf5 beside it.

    Raises:
        SettingError: One of them is missing.
    """
    assert path is not None
    truth = path.with_name(path.name.replace("_data.", "_gt."))
    if not path.is_file() or truth == path or not truth.is_file():
        raise SettingError(f"{path} must be NAME_data.hdf5 of MVSEC with NAME_gt.hdf5 beside it.")
    return Sequence(path.name.partition("_data.")[0], path, truth, reading="unit=s")
