"""Flow without a network: patch-wise contrast maximization over several scales.

Events of a bin are warped to its middle along every displacement of a grid; where the displacement is right, events of
one edge fall together and their picture is sharp (Gallego et al. 2018, arXiv 1804.01306; patches of several scales as
in Shiba et al. 2022, arXiv 2207.10022, here by exhaustive search instead of descent). The sharpness of a cell is the
sum of the squared picture over its sum: the mean picture as an event sees it, so that a displacement gains nothing by
moving more events into the cell. Cells have few events, large patches see several motions: a cell goes by its own
sharpness and by that of the patches around it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates, uniform_filter

from wholefield.flow.representations.grid import Events, as_events

Array = npt.NDArray[np.float32]
Flow = Array


@dataclass(frozen=True)
class ContrastSettings:
    """How the search is done; px are those of the halved sensor.

    Attributes:
        reach: Longest displacement within a bin along each axis, in px.
        step: Distance of the displacements tried, in px.
        cell: Side of the cells that have a flow of their own, in px.
        patches: Sides of the patches, in cells, over which sharpness is averaged, with the weight of each.
        few_events: A patch with that many events counts half.
        longest: The sensor is halved until its longer side is no more than that, in px.
        most_events: Of the events in a bin at most so many are used, evenly spread.
        smoothing: Standard deviation of the smoothing of the flow, in cells.

    Example:
        >>> from wholefield.flow import ContrastSettings
        >>> ContrastSettings(cell=16).reach
        9.0
    """

    reach: float = 9.0
    step: float = 0.75
    cell: int = 8
    patches: tuple[tuple[int, float], ...] = ((1, 0.2), (3, 1.0), (7, 1.0), (15, 0.5))
    few_events: float = 100.0
    longest: int = 360
    most_events: int = 30_000
    smoothing: float = 0.7


COARSE = ContrastSettings(patches=((5, 1.0), (15, 1.0)), few_events=300.0, step=1.0)
"""For the motion of a recording as a whole: large patches, which noise hardly moves."""


def contrast_flow(
    events: Events,
    start_us: int,
    delta_t: int,
    height: int,
    width: int,
    settings: ContrastSettings | None = None,
) -> Array:
    """The flow in which the events of a time bin are sharpest.

    Args:
        events: Structured events, x, y in px, t in us; only those in the bin count.
        start_us: When the bin begins, in us.
        delta_t: Its length in us; things should move by two to twelve px within it.
        height: Rows of the sensor.
        width: Columns of the sensor.
        settings: How the search is done.

    Returns:
        float32 (2, H, W) in px of the sensor per bin, x first; 0 everywhere without events.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import contrast_flow
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(4000, EVENT_DTYPE)
        >>> events["t"] = np.arange(4000)
        >>> events["x"], events["y"] = 20 + np.arange(4000) // 1000, np.arange(4000) % 40  # an edge, 4 px per 4 ms
        >>> flow = contrast_flow(events, 0, 4000, 40, 48)
        >>> bool(abs(flow[0, 20, 22] - 4) < 0.5)
        True
    """
    settings = settings or ContrastSettings()
    events = as_events(events)
    inside = events[(events["t"] >= start_us) & (events["t"] < start_us + delta_t)]
    if len(inside) == 0:
        return np.zeros((2, height, width), np.float32)
    factor = max(0, int(np.ceil(np.log2(max(height, width) / settings.longest))))
    size = -(-height >> factor), -(-width >> factor)
    chosen = inside[:: -(-len(inside) // settings.most_events)]
    x, y = (((chosen[axis].astype(np.float32) + 0.5) / 2**factor - 0.5) for axis in ("x", "y"))
    t = ((chosen["t"] - start_us + 0.5) / delta_t - 0.5).astype(np.float32)
    counts, flow = _cells(x, y, t, size, settings)
    smooth = _spread(flow, counts, settings.smoothing)
    return _dense(smooth, settings.cell, (height, width), factor) * np.float32(2**factor)


def _cells(
    x: Array, y: Array, t: Array, size: tuple[int, int], settings: ContrastSettings
) -> tuple[Array, Array]:
    """Events (rows, columns) and the sharpest displacement (2, rows, columns) of every cell."""
    from wholefield.flow.contrast_kernels import sharpness

    side = round(2 * settings.reach / settings.step) // 2 * 2 + 1
    values = (np.arange(side, dtype=np.float32) - side // 2) * np.float32(settings.step)
    ways = np.stack(np.meshgrid(values, values, indexing="xy"), -1).reshape(-1, 2)
    shape = len(ways), -(-size[0] // settings.cell), -(-size[1] // settings.cell)
    sums, squares = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    reached = np.argwhere(_reached(x, y, shape[1:], settings))
    sharpness(x, y, t, ways, reached, settings.cell, sums, squares)
    score = np.zeros(shape, np.float32)
    for patch, weight in settings.patches:
        count, square = (uniform_filter(each, (0, patch, patch), mode="constant") for each in (sums, squares))
        mean = np.where(count > 1e-3, square / np.maximum(count, 1e-3), 0)
        # Each scale counts by how much sharper than the average displacement one makes its patch, and by how many
        # events say so.
        events = count.mean(0) * (patch * patch)
        trust = weight * events / (events + settings.few_events)
        score += trust * (mean / np.maximum(mean.mean(0), 1e-6) - 1)
    return sums[len(ways) // 2], _peaks(score.reshape(side, side, *shape[1:]), values)


def _reached(x: Array, y: Array, shape: tuple[int, ...], settings: ContrastSettings) -> npt.NDArray[np.bool_]:
    """Whether events can be warped into a cell, by half the reach, or be smoothed into it."""
    found = np.zeros(shape, bool)
    found[tuple((np.clip(each, 0, None) / settings.cell).astype(int) for each in (y, x))] = True
    return binary_dilation(found, np.ones((3, 3)), 1 + int(settings.reach / 2 / settings.cell))


def _peaks(score: Array, values: Array) -> Array:
    """The displacement of the highest score of every cell, between those tried by a parabola along each axis."""
    side, rows, columns = len(values), *score.shape[2:]
    best = score.reshape(side * side, rows, columns).argmax(0)
    down, across = best // side, best % side
    row, column = np.indices((rows, columns))
    flow = np.empty((2, rows, columns), np.float32)
    for axis, (index, step) in enumerate(((across, (0, 1)), (down, (1, 0)))):
        at = np.clip(index, 1, side - 2)
        a, b = (at, across) if step[0] else (down, at)
        before, here, after = (score[a + k * step[0], b + k * step[1], row, column] for k in (-1, 0, 1))
        curvature = before - 2 * here + after
        shift = np.where(curvature < -1e-9, 0.5 * (before - after) / np.minimum(curvature, -1e-9), 0)
        flow[axis] = values[index] + np.clip(np.where(at == index, shift, 0), -0.5, 0.5) * (
            values[1] - values[0]
        )
    return flow


def _spread(flow: Array, weight: Array, sigma: float) -> Array:
    """Smoothed over cells by how many events they have, and carried on into cells without any."""
    found, known = np.zeros_like(flow), np.zeros(weight.shape, np.float32)
    while True:
        total = gaussian_filter(weight, sigma, mode="constant")
        part = np.stack([gaussian_filter(each * weight, sigma, mode="constant") for each in flow])
        new = (known == 0) & (total > 1e-3)
        found[:, new] = part[:, new] / total[new]
        known[new] = 1
        if known.all() or sigma > 2 * max(weight.shape):
            return found
        sigma *= 2


def _dense(flow: Array, cell: int, sensor: tuple[int, int], factor: int) -> Array:
    """Interpolated from the centers of cells to the pixels of the sensor."""
    rows, columns = (
        ((np.arange(length) + 0.5) / (cell * 2**factor) - 0.5).astype(np.float32) for length in sensor
    )
    places = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([map_coordinates(each, places, order=1, mode="nearest") for each in flow]).astype(
        np.float32
    )
