"""How well many workers are used: python -m tests.bench wavefront [NETWORK [TILE]].

What each layer takes is measured on one thread, and both sweeps over a large image are played through with it for 4 to
32 workers, layer by layer and tile by tile, by the rules of the wavefront: tiles start in raster order where a worker
is free, wait for their neighbors where they need them, and give their place up while they can only pass halos on.
Efficiency is the speed-up over one worker divided by the number of workers. What workers take from each other in caches
and memory is not in it.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import prod
from typing import Any
from unittest.mock import patch

import torch

from tests.bench.bench_streaming import backbone
from tests.bench.measure import machine
from wholefield.streaming import Streamed
from wholefield.streaming.execution import sweep, wavefront
from wholefield.streaming.execution.recurrence import Recurrence, Tile, lay_out, shifted
from wholefield.streaming.execution.tile import TileLayout, _Step
from wholefield.streaming.execution.wavefront import BEGUN, raster_order
from wholefield.streaming.geometry.spans import extent
from wholefield.streaming.planning.block_size import blocks_per_axis
from wholefield.streaming.tracing.trace import trace

SIDES = (8192, 32768)
WORKERS = (4, 8, 16, 32)
MEASURED = 6


@dataclass
class Costs:
    """Seconds that a position of each node takes, and how much longer back-propagation takes than a forward pass."""

    per_position: dict[int, float] = field(default_factory=dict)
    backward: float = 2.0


def main(arguments: list[str]) -> None:
    """Measure the layers, then play the sweeps through."""
    name, tile = (*arguments, *("resnet18", "256")[len(arguments) :])
    print(f"{machine()}\n{name}, tiles of {tile} px, measured on one thread")
    costs = measured(name, int(tile))
    print(f"back-propagation takes {costs.backward:.2f} times the forward pass")
    network = backbone(name)
    for side in SIDES:
        program = trace(network, torch.Size((1, 3, side, side)), torch.float32, torch.device("cpu"))
        recurrence = lay_out(program, (int(tile),) * 2, blocks_per_axis(program, (int(tile),) * 2, None))
        for workers in WORKERS:
            gains = [played(recurrence, costs, workers, reverse=reverse) for reverse in (False, True)]
            whole = sum(one for one, _ in gains) / sum(many for _, many in gains)
            forward = gains[0][0] / gains[0][1]
            print(
                f"{side:6} px, {workers:3} workers: training {whole:5.1f} times one, efficiency "
                f"{whole / workers:.2f}; inference {forward:5.1f}, {forward / workers:.2f}"
            )


def measured(name: str, tile: int) -> Costs:
    """What each node takes in training on a small image."""
    torch.set_num_threads(1)
    seconds, positions = defaultdict[int, float](float), defaultdict[int, int](int)
    compute = _Step._compute
    sweeps = {"forward": 0.0, "reverse": 0.0}

    def timed(step: Any, index: int) -> Any:
        begin = time.perf_counter()
        block = compute(step, index)
        if not torch.is_grad_enabled():
            seconds[index] += time.perf_counter() - begin
            positions[index] += prod(extent(m.new) for m in step._layout.moments[index])
        return block

    run = wavefront.run_tiles

    def whole(*args: Any, reverse: bool = False) -> None:
        begin = time.perf_counter()
        run(*args, reverse=reverse)
        sweeps["reverse" if reverse else "forward"] += time.perf_counter() - begin

    image = torch.randn(1, 3, MEASURED * tile, MEASURED * tile)
    streamed = Streamed(backbone(name), tile, workers=1)
    with patch.object(_Step, "_compute", timed), patch.object(sweep, "run_tiles", whole):
        for _ in range(2):
            for table in (seconds, positions):
                table.clear()
            sweeps.update(forward=0.0, reverse=0.0)
            streamed(image).square().mean().backward()
    per_position = {index: seconds[index] / positions[index] for index in seconds}
    return Costs(per_position, max(sweeps["reverse"] / sweeps["forward"] - 1, 1.0))


_Event = tuple[str, Any]


def forward_tile(tile: Tile, layout: TileLayout, costs: Costs, put: Callable[..., None]) -> Iterator[_Event]:
    """What a tile does in the forward sweep: work some seconds, or wait for a neighbor, idle ones without a place."""
    nodes = range(len(layout.runs))
    for passes in (False, True):
        for node in nodes:
            if layout.only_passes[node] is passes:
                if layout.runs[node]:
                    size = prod(extent(m.new) for m in layout.moments[node])
                    yield "work", size * costs.per_position.get(node, 0.0)
                for axis in layout.given(node):
                    yield ("idle" if passes else "wait"), (tile, axis, node)
                for axis, _ in layout.handed(node):
                    put(shifted(tile, axis, 1), axis, node)


def reverse_tile(tile: Tile, layout: TileLayout, costs: Costs, put: Callable[..., None]) -> Iterator[_Event]:
    """The same in the reverse sweep."""
    nodes = range(len(layout.runs) - 1, -1, -1)
    passed = [node for node in nodes if layout.only_passes[node]]
    for node in passed:
        for axis, _ in layout.handed(node):
            yield "idle", (tile, axis, node)
        for axis in layout.given(node):
            put(shifted(tile, axis, -1), axis, node)
    if passed:
        first = next((n for n in nodes if layout.runs[n] and layout.handed(n)), 0)
        for axis, _ in layout.handed(first):
            yield "idle", (tile, axis, first)
    work = {
        node: prod(extent(m.new) for m in layout.moments[node]) * costs.per_position.get(node, 0.0)
        for node in nodes
        if layout.runs[node]
    }
    yield "work", sum(work.values())
    for node in nodes:
        if not layout.only_passes[node]:
            for axis, _ in layout.handed(node):
                yield "wait", (tile, axis, node)
            for axis in layout.given(node):
                put(shifted(tile, axis, -1), axis, node)
            yield "work", work.get(node, 0.0) * costs.backward


class Play:
    """A sweep played through."""

    def __init__(self, recurrence: Recurrence, costs: Costs, workers: int, *, reverse: bool) -> None:
        self.now = self.worked = 0.0
        self._walk = reverse_tile if reverse else forward_tile
        self._recurrence, self._costs = recurrence, costs
        self._order = raster_order(recurrence.counts, reverse=reverse)
        self._free, self._most = workers, BEGUN * workers
        self._there: set[Any] = set()
        self._asleep: dict[Any, tuple[Iterator[_Event], bool]] = {}
        self._woken: list[tuple[Iterator[_Event], bool]] = []
        self._timed: list[tuple[float, int, Iterator[_Event]]] = []
        self._number = self._begun = 0

    def go(self) -> None:
        """Until all tiles are done."""
        self._start()
        while self._timed:
            self.now, _, walk = heappop(self._timed)
            self._step(walk)
            while self._woken:
                walk, idle = self._woken.pop()
                self._free -= idle
                self._step(walk)
            self._start()

    def _start(self) -> None:
        while self._free > 0 and self._begun < self._most and (tile := next(self._order, None)) is not None:
            self._free -= 1
            self._begun += 1
            layout = TileLayout(self._recurrence, tile)
            self._step(self._walk(tile, layout, self._costs, self._put))

    def _step(self, walk: Iterator[_Event]) -> None:
        for kind, what in walk:
            if kind == "work":
                self.worked += what
                self._number += 1
                heappush(self._timed, (self.now + what, self._number, walk))
                return
            if what not in self._there:
                self._asleep[what] = walk, kind == "idle"
                self._free += kind == "idle"
                return
            self._there.discard(what)
        self._free += 1
        self._begun -= 1

    def _put(self, tile: Tile, axis: int, node: int) -> None:
        key = (tile, axis, node)
        if key in self._asleep:
            self._woken.append(self._asleep.pop(key))
        else:
            self._there.add(key)


def played(recurrence: Recurrence, costs: Costs, workers: int, *, reverse: bool) -> tuple[float, float]:
    """Seconds of one worker and of several."""
    play = Play(recurrence, costs, workers, reverse=reverse)
    play.go()
    return play.worked, play.now


if __name__ == "__main__":
    main(sys.argv[1:])
