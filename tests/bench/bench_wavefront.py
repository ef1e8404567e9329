"""How well many workers are used: python -m tests.bench wavefront [NETWORK [TILE]].

The times of the tiles of a small image are measured on one thread, apart what only the caller's thread can do. With
them the schedule of a large image is played through for 4 to 32 workers; efficiency is the speed-up over one worker
divided by the number of workers. A tile ends a tenth of its time after its neighbors at the earliest, for it runs a
node behind them. What workers take from each other in caches and memory is not in it.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapreplace
from typing import Any
from unittest.mock import patch

import torch

from tests.bench.bench_streaming import backbone
from tests.bench.measure import machine
from wholefield.streaming import Streamed
from wholefield.streaming.execution import sweep
from wholefield.streaming.execution.handed_on import HandedOn
from wholefield.streaming.execution.recurrence import Tile
from wholefield.streaming.execution.wavefront import Crew, raster_order
from wholefield.streaming.planning.workers import LAG

SIDES = (8192, 32768)
WORKERS = (4, 8, 16, 32)
MEASURED = 6


@dataclass
class Times:
    """Seconds of every tile of one sweep."""

    jobs: list[float] = field(default_factory=list)
    caller: list[float] = field(default_factory=list)


def main(arguments: list[str]) -> None:
    """Measure the tiles, then play the schedules through."""
    name, tile = (*arguments, *("resnet18", "256")[len(arguments) :])
    print(f"{machine()}\n{name}, tiles of {tile} px, measured on one thread")
    sweeps = measured(name, int(tile))
    for sweep_name, times in sweeps.items():
        job, caller = (sorted(part)[len(part) // 2] for part in (times.jobs, times.caller))
        print(f"{sweep_name:8} tile {job * 1e3:.0f} ms, of the caller's thread {caller * 1e3:.2f} ms")
    for side in SIDES:
        count = side // int(tile)
        for workers in WORKERS:
            gains = [played((count, count), workers, times) for times in sweeps.values()]
            whole = sum(one for one, _ in gains) / sum(many for _, many in gains)
            print(
                f"{side:6} px, {workers:3} workers: {whole:5.1f} times one, efficiency {whole / workers:.2f}"
            )


def measured(name: str, tile: int) -> dict[str, Times]:
    """The times of the tiles of a small image, by sweep."""
    torch.set_num_threads(1)
    sweeps = {"forward": Times(), "reverse": Times()}

    def timed(
        counts: tuple[int, ...],
        crew: Crew,
        prepare: Callable[[Tile], Callable[[], Any]],
        finish: Callable[[Tile, Any], None],
        handed_on: HandedOn[Any],
        *,
        reverse: bool = False,
    ) -> None:
        times = sweeps["reverse" if reverse else "forward"]
        for here in raster_order(counts, reverse=reverse):
            begin = time.perf_counter()
            job = prepare(here)
            ready = time.perf_counter()
            result = job()
            done = time.perf_counter()
            handed_on.finish(here)
            finish(here, result)
            # Tiles at the border are smaller.
            if all(0 < t < n - 1 for t, n in zip(here, counts, strict=True)):
                times.jobs.append(done - ready)
                times.caller.append(ready - begin + time.perf_counter() - done)

    network = backbone(name)
    image = torch.randn(1, 3, MEASURED * tile, MEASURED * tile)
    with patch.object(sweep, "run_tiles", timed):
        for _ in range(2):
            for times in sweeps.values():
                times.jobs.clear()
                times.caller.clear()
            Streamed(network, tile, workers=1)(image).square().mean().backward()
    return sweeps


def played(counts: tuple[int, int], workers: int, times: Times) -> tuple[float, float]:
    """Seconds of one worker and of several: tiles start in raster order when a worker is free."""
    chance = random.Random(0)
    free = [0.0] * workers
    ends: dict[Tile, float] = {}
    caller = alone = 0.0
    for y, x in raster_order(counts):
        job, own = chance.choice(times.jobs), chance.choice(times.caller)
        alone += job + own
        # The caller's thread does its part for one tile after the other.
        caller = max(caller, free[0]) + own
        behind = [ends[before] + LAG * job for before in ((y - 1, x), (y, x - 1)) if before in ends]
        ends[y, x] = max(caller + job, *behind, 0.0)
        heapreplace(free, ends[y, x])
    return alone, max(free)


if __name__ == "__main__":
    main(sys.argv[1:])
