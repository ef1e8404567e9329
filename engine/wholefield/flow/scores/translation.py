"""The single translation that sharpens events most: the baseline that every flow must beat."""

import numpy as np

from wholefield.flow.representations.grid import SECOND, Events
from wholefield.flow.warping.events import Array, splat
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

    A grid over all displacements up to max_px in the window, on pixels binned in squares so that no peak is
    missed between its points, then ever finer neighborhoods of the best on single pixels.

    Args:
        events: Structured events of the window.
        shape: (H, W) of the sensor.
        start_us: When the window begins, in us.
        end_us: When it ends, in us.
        max_px: Largest displacement along x and along y in the window, in px.
        progress: Called before every displacement that is tried, with the points of the grid done and their number.

    Returns:
        (u, v) in px per s; (0, 0) without events.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import best_translation
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(1000, EVENT_DTYPE)  # points that move at 200 px per s to the right
        >>> events["t"] = np.arange(1000) * 100
        >>> events["x"] = np.arange(1000) % 5 * 8 + events["t"] * 2 // 10_000
        >>> u, v = best_translation(events, (16, 64), 0, 100_000)
        >>> bool(abs(u - 200) < 10 and abs(v) < 10)
        True
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
