"""True flow of MVSEC (Zhu et al. 2018) between frames of its camera, as EV-FlowNet's evaluation takes it.

NAME_gt.hdf5 holds davis/left/flow_dist (N, 2, H, W), the displacement in px from one of flow_dist_ts (s) to the next,
and NAME_data.hdf5 the times of frames, davis/left/image_raw_ts. Between two frames each pixel follows the fields, by
the nearest pixel; pixels whose flow is 0 or not finite on the way do not count, nor do those without events in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.truth import Truth

FLOW, FLOW_TS, FRAMES = "davis/left/flow_dist", "davis/left/flow_dist_ts", "davis/left/image_raw_ts"
# Rows below show the hood of the car in sequences recorded outdoors.
HOOD, OUTDOOR = 190, "outdoor"
SECOND = 1e6

Field = npt.NDArray[np.float64]


def mvsec_truths(path: Path, recording: Recording, frames: int) -> Iterator[Truth]:
    """The true flow from each frame to the one `frames` later that the truth covers.

    Args:
        path: NAME_gt.hdf5.
        recording: The events of NAME_data.hdf5.
        frames: 1 or 4 in the literature.

    Raises:
        SourceError: A dataset is missing.
    """
    times, stamps = _values(recording.path, FRAMES), _values(path, FLOW_TS)
    for start, end in zip(times, times[frames:], strict=False):
        first, last = (round(time * SECOND) - recording.start_us for time in (start, end))
        if stamps[0] <= start and end <= stamps[-1] and first >= 0 and last <= recording.duration_us:
            yield Truth(first, last, partial(_read, path, recording, stamps, (start, end), (first, last)))


def _values(path: Path, name: str) -> npt.NDArray[np.float64]:
    try:
        with h5py.File(path, "r") as file:
            return np.asarray(file[name][:], np.float64)
    except (OSError, KeyError) as error:
        raise SourceError(
            f"{path} has no {name}, which MVSEC has; choose its NAME_data.hdf5 and NAME_gt.hdf5."
        ) from error


def _read(
    path: Path,
    recording: Recording,
    stamps: npt.NDArray[np.float64],
    between: tuple[float, float],
    window: tuple[int, int],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    events = recording.events(*window)
    with h5py.File(path, "r") as file:
        flow, known = propagated(file[FLOW], stamps, *between)
    seen = np.zeros(known.shape, np.bool_)
    seen[events["y"], events["x"]] = True
    if OUTDOOR in path.name:
        seen[HOOD:] = False
    return flow.astype(np.float32), known & seen


def propagated(
    fields: h5py.Dataset | npt.NDArray[np.float64], stamps: npt.NDArray[np.float64], start: float, end: float
) -> tuple[Field, npt.NDArray[np.bool_]]:
    """The displacement of every pixel between two times, and where it is known.

    Args:
        fields: (N, 2, H, W), displacements in px from one stamp to the next.
        stamps: (N,), ascending, in s; they cover the times.
        start: From when, in s.
        end: Until when, in s.
    """
    height, width = fields.shape[-2:]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    moved, known = np.zeros((2, height, width)), np.ones((height, width), np.bool_)
    number, now = int(np.searchsorted(stamps, start, "right")) - 1, start
    while now < end:
        until = min(float(stamps[number + 1]), end)
        share = (until - now) / (stamps[number + 1] - stamps[number])
        # The nearest pixel to where each has come; outside nothing is known.
        column, row = np.rint(x + moved[0]).astype(np.int64), np.rint(y + moved[1]).astype(np.int64)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        field = np.asarray(fields[number], np.float64)
        step = field[:, row.clip(0, height - 1), column.clip(0, width - 1)]
        known &= inside & np.isfinite(step).all(0) & (step != 0).any(0)
        moved += np.where(known, step * share, 0)
        number, now = number + 1, until
    return moved, known
