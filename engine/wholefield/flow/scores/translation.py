"""The single translation that sharpens events most: the yardstick every flow has to beat."""

import numpy as np

from wholefield.flow.representations.grid import Events
from wholefield.flow.warping.splat import SECOND, Array, splat
from wholefield.progress import ProgressCallback

MAX_PX = 48.0
COARSE = 4
FINEST_PX = 0.05


def best_translation(
    events: Events,
    shape: tuple[int, int],
    start_us: int,
    end_us: int,
    max_px: float = MAX_PX,
    progress: ProgressCallback | None = None,
) -> tuple[float, float]:
    """Search for the constant flow whose image of warped events has the largest variance.

    A grid over all displacements up to max_px in the window, on pixels joined in squares so that no peak is
    missed between its points, then ever finer neighborhoods of the best on single pixels.

    Args:
        events: Structured events of the window.
        shape: (H, W) of the sensor.
        start_us: When the window begins.
        end_us: When it ends.
        max_px: Largest displacement along x and along y in the window, in px.
        progress: Called before every displacement that is tried, with how many points of the grid are done and how
            many there are; an error that it raises ends the search.

    Returns:
        (u, v) in px per s; (0, 0) without events.
    """
    if len(events) == 0:
        return 0.0, 0.0
    x, y = events["x"].astype(np.float64), events["y"].astype(np.float64)
    ahead = ((start_us + end_us) / 2 - events["t"]) / (end_us - start_us)
    ticks = np.arange(-max_px, max_px + COARSE / 2, COARSE)
    candidates = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    count = len(candidates)

    def score(u: float, v: float, block: int, done: int) -> float:
        if progress is not None:
            progress(done, count)
        return _sharpness(x + u * ahead, y + v * ahead, shape, block)

    best = candidates[np.argmax([score(u, v, COARSE, done) for done, (u, v) in enumerate(candidates)])]
    step = COARSE / 2
    around = np.stack(np.meshgrid((-1, 0, 1), (-1, 0, 1)), -1).reshape(-1, 2)
    while step >= FINEST_PX:
        block, finer = 2 if step > 1 else 1, best + step * around
        better = finer[np.argmax([score(u, v, block, count) for u, v in finer])]
        if (better == best).all() or step > 1:
            step /= 2
        best = better
    u, v = best * (SECOND / (end_us - start_us))
    return float(u), float(v)


def _sharpness(x: Array, y: Array, shape: tuple[int, int], block: int) -> float:
    """The variance of events at (x, y) on squares of `block` pixels."""
    height, width = (-(-side // block) for side in shape)
    return float(splat(x / block, y / block, (height, width)).var())
