"""How many tiles run at the same time."""

from functools import lru_cache
from heapq import heapreplace
from itertools import count, takewhile
from math import prod

import torch

from wholefield.errors import SettingError
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.wavefront import raster_order

LAG = 0.1
"""How far a tile runs behind its neighbor at the least, in tiles: about the share of the dearest layer."""

LEAST_GAIN = 1.05
"""More workers must bring that much, or their tiles only take memory."""


def workers_for(recurrence: Recurrence, wanted: int | None, processes: int = 1) -> int:
    """The number of workers for a grid of tiles.

    Args:
        recurrence: The network laid out over the tiles.
        wanted: What the user has set; None chooses as many as bring nearly all that torch's threads can.
        processes: How many processes share the tiles, each with as many workers.

    Raises:
        SettingError: Fewer than one is wanted.
    """
    if wanted is not None and wanted < 1:
        raise SettingError(f"The number of workers is {wanted}; set 1 or more, or leave it to the program.")
    program = recurrence.program
    # Random numbers are drawn tile after tile from one generator; other devices compute side by side themselves.
    if program.random or program.device.type != "cpu":
        return 1
    if wanted is not None:
        return wanted
    threads = torch.get_num_threads()
    tiles = -(-prod(recurrence.counts) // processes)
    most = min(threads, tiles)
    # Every number that is tried orders all tiles: of large grids there are many.
    tried = [*takewhile(lambda workers: workers < most, (2**power for power in count())), most]
    most_gained = speedup(recurrence, most * processes)
    return next(n for n in tried if LEAST_GAIN * speedup(recurrence, n * processes) >= most_gained)


def speedup(recurrence: Recurrence, workers: int) -> float:
    """How many times faster some workers are than one of them, if tiles take equally long and nothing else counts."""
    return _speedup(recurrence.counts, workers)


@lru_cache(maxsize=64)
def _speedup(counts: tuple[int, ...], workers: int) -> float:
    """Play it through: tiles start in raster order, end after a tile's time, and some time after their neighbors."""
    free = [0.0] * min(workers, prod(counts))
    ends: dict[tuple[int, ...], float] = {}
    for tile in raster_order(counts):
        before = ((*tile[:axis], t - 1, *tile[axis + 1 :]) for axis, t in enumerate(tile) if t)
        ends[tile] = max(free[0] + 1, *(ends[neighbor] + LAG for neighbor in before), 0.0)
        heapreplace(free, ends[tile])
    return len(ends) / max(free)
