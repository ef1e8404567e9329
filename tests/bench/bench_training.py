"""Training against the better plain network, row by row: python -m tests.bench training [ROW ...].

The rows are those of ROWS, all of them if none is named, each with one worker on both threads and with two workers.
Plain networks run with the channels first and last, of which the better counts; the ways take turns in one process on
two threads. Ratios below 1 favor streaming; memory is the peak beside network and image.
"""

import copy
import os
import sys

# As the application does: threads that wait leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from tests.bench.bench_streaming import PASSES, backbone, show, warm_up
from tests.bench.measure import Cost, machine, measure
from wholefield.streaming import Streamed
from wholefield.streaming.execution.layout import arrange

THREADS = 2
REPEATS = 2


@dataclass(frozen=True)
class Row:
    """What is compared.

    Attributes:
        network: Name of the network.
        side: Of the image in pixels.
        tiles: Tile sizes; of several, ratios are to the first and nothing plain is run.
        kind: Training or inference.
    """

    network: str
    side: int
    tiles: tuple[int, ...] = (512,)
    kind: str = "train"


ROWS = {
    "resnet18-2048": Row("resnet18", 2048),
    "resnet18-1024": Row("resnet18", 1024),
    "resnet18-1024-inference": Row("resnet18", 1024, kind="infer"),
    "resnet18-4096": Row("resnet18", 4096),
    "resnet50-1536": Row("resnet50", 1536),
    "convnext-1536": Row("convnext_tiny", 1536),
    "small-tiles": Row("resnet18", 2048, (512, 128)),
}


def main(arguments: list[str]) -> None:
    """Print every row."""
    torch.set_num_threads(THREADS)
    print(machine())
    for name in arguments or ROWS:
        row = ROWS[name]
        costs = measured(row)
        if len(row.tiles) > 1:
            base = min((cost for way, cost in costs.items() if f"tile {row.tiles[0]}," in way), key=seconds)
        else:
            base = min((cost for way, cost in costs.items() if way.startswith("plain")), key=seconds)
        for way, cost in costs.items():
            print(
                f"{name:24} {way:22} {show(cost)}   {cost.seconds / base.seconds:.2f} of the time, "
                f"{cost.peak / base.peak:.2f} of the memory",
                flush=True,
            )


def seconds(cost: Cost) -> float:
    """The time of a run."""
    return cost.seconds


def measured(row: Row) -> dict[str, Cost]:
    """The fastest time and the highest peak of every way, which take turns."""
    network = backbone(row.network)
    warm_up(network)
    image = torch.randn(1, 3, row.side, row.side)
    ways: dict[str, tuple[nn.Module, torch.Tensor]] = {}
    if len(row.tiles) == 1:
        last: nn.Module = copy.deepcopy(network)
        for parameter in last.parameters():
            parameter.data = arrange(parameter.data, torch.channels_last)
        ways["plain"] = network, image
        ways["plain, channels last"] = last, image.contiguous(memory_format=torch.channels_last)
    for tile in row.tiles:
        for workers in (1, THREADS):
            ways[f"tile {tile}, workers {workers}"] = Streamed(network, tile, workers=workers), image
    costs: dict[str, Cost] = {}
    for _ in range(REPEATS):
        for name, (way, pixels) in ways.items():
            cost = measure(partial(PASSES[row.kind](pixels), way))
            best = costs.get(name, cost)
            costs[name] = Cost(min(best.seconds, cost.seconds), max(best.peak, cost.peak))
    return costs


if __name__ == "__main__":
    main(sys.argv[1:])
