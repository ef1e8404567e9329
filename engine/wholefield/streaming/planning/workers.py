"""How many tiles run at the same time."""

import torch

from wholefield.errors import SettingError
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.wavefront import wavefront

LEAST_THREADS = 4
"""Two threads do as well inside a tile of 512 px as side by side, with less memory: tests/bench/bench_streaming.py."""

LEAST_GAIN = 1.05
"""A worker more must bring that much, or its tile only takes memory."""


def workers_for(recurrence: Recurrence, wanted: int | None) -> int:
    """The number of workers for a grid of tiles.

    Args:
        recurrence: The network laid out over the tiles.
        wanted: What the user has set; None chooses as many as torch has threads, as long as each brings something.

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
    workers, threads = 1, torch.get_num_threads()
    for more in range(2, threads + 1 if threads >= LEAST_THREADS else 2):
        if speedup(recurrence, more) >= LEAST_GAIN * speedup(recurrence, workers):
            workers = more
    return workers


def speedup(recurrence: Recurrence, workers: int) -> float:
    """How many times faster some workers are than one of them: the tiles over the steps that they take."""
    return wavefront(recurrence.counts, workers).speedup
