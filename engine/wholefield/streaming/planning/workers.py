"""How many tiles run at the same time."""

from collections.abc import Sequence
from itertools import accumulate, count, repeat, takewhile

import torch

from wholefield.errors import SettingError
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.wavefront import wavefront

LEAST_THREADS = 4
"""Two threads do as well inside a tile of 512 px as side by side, with less memory: tests/bench/bench_streaming.py."""

LEAST_GAIN = 1.05
"""More workers must bring that much, or their tiles only take memory."""


def workers_for(recurrence: Recurrence, wanted: int | None, processes: int = 1) -> int:
    """The number of workers for a grid of tiles.

    Args:
        recurrence: The network laid out over the tiles.
        wanted: What the user has set; None chooses one below four of torch's threads, and from there on as many as
            bring nearly all that the threads can.
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
    widest = -(-widest_diagonal(recurrence.counts) // processes)
    most = min(threads, widest) if threads >= LEAST_THREADS else 1
    # Every number that is tried orders all tiles: of large grids there are many.
    tried = [*takewhile(lambda workers: workers < most, (2**power for power in count())), most]
    most_gained = speedup(recurrence, most * processes)
    return next(n for n in tried if LEAST_GAIN * speedup(recurrence, n * processes) >= most_gained)


def widest_diagonal(counts: Sequence[int]) -> int:
    """The largest number of tiles of a grid that can run at the same time: those whose indices have the same sum."""
    tiles = [1]
    for length in counts:
        ends = [*accumulate(tiles), *repeat(sum(tiles), length - 1)]
        tiles = [end - (ends[k - length] if k >= length else 0) for k, end in enumerate(ends)]
    return max(tiles)


def speedup(recurrence: Recurrence, workers: int) -> float:
    """How many times faster some workers are than one of them: the tiles over the steps that they take."""
    return wavefront(recurrence.counts, workers).speedup
