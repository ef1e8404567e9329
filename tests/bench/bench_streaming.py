"""Streamed networks against plain ones: python -m tests.bench.bench_streaming [NETWORK [SIDE [TILE ...]]] [OPTION ...].

Options are keep=MB (the keep budget), wait=ROWS,COLUMNS (the smallest block), workers=N, and train or infer: one of
the two, streamed alone, for images whose plain pass does not fit in memory. Both run in one process with the same
weights and input; ratios below 1 favor streaming. Memory is the peak of resident memory above that before the pass, so
without network and input.
"""

import os
import sys

# As the application does: threads that wait leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch
from torch import Tensor, nn

from tests.bench.measure import Cost, machine, measure
from wholefield import networks
from wholefield.streaming import Streamed
from wholefield.streaming.planning.kept_activations import KEEP_BUDGET

Pass = Callable[[nn.Module], None]


def main(arguments: list[str]) -> None:
    """Compare training and inference at several tile sizes."""
    options = dict(argument.split("=") for argument in arguments if "=" in argument)
    alone = [argument for argument in arguments if argument in PASSES]
    name, side, *tiles = [a for a in arguments if "=" not in a and a not in PASSES] or ["resnet18", "2048"]
    keep = int(options.get("keep", KEEP_BUDGET // 2**20))
    workers = int(options["workers"]) if "workers" in options else None
    wait = [int(positions) for positions in options["wait"].split(",")] if "wait" in options else None
    print(
        f"{machine()}\n{name}, {side}x{side}, float32, keeping {keep} MB, blocks of {wait or 'the usual sizes'}"
    )
    network = backbone(name)
    image = torch.randn(1, 3, int(side), int(side))
    warm_up(network)
    for title in alone or PASSES:
        run = PASSES[title](image)
        plain = None if alone else measure(partial(run, network), repeats=2)
        if plain:
            print(f"{title:5} plain      {show(plain)}")
        for tile in [int(tile) for tile in tiles] or [512, 256, 128]:
            streamed = Streamed(network, tile, keep_budget=keep * 2**20, smallest_block=wait, workers=workers)
            cost = measure(partial(run, streamed), repeats=2 if plain else 1)
            print(
                f"{title:5} tile {tile:5} {show(cost)}   {ratios(cost, plain) if plain else ''}", flush=True
            )


def backbone(name: str) -> nn.Module:
    """The part of a network that is streamed, with its normalisation frozen."""
    network = getattr(networks, name)()
    stream = network.features if hasattr(network, "features") else networks.split_resnet(network)[0]
    return stream.eval()


def warm_up(network: nn.Module) -> None:
    """Load kernels and start threads, for both ways; a thread's scratch memory goes with it."""
    run = training(torch.randn(1, 3, 256, 256))
    run(network)
    with ThreadPoolExecutor(1) as fresh:
        fresh.submit(run, Streamed(network, 128)).result()


def training(image: Tensor) -> Pass:
    """A forward and a backward pass."""

    def run(network: nn.Module) -> None:
        network(image).mean().backward()
        network.zero_grad(set_to_none=True)

    return run


def inference(image: Tensor) -> Pass:
    """A forward pass without gradients."""

    @torch.no_grad()
    def run(network: nn.Module) -> None:
        network(image)

    return run


PASSES = {"train": training, "infer": inference}


def ratios(cost: Cost, plain: Cost) -> str:
    """Time and memory against the plain network."""
    return f"{cost.seconds / plain.seconds:.2f} of the time, {cost.peak / plain.peak:.2f} of the memory"


def show(cost: Cost) -> str:
    """Seconds and peak memory."""
    return f"{cost.seconds:7.2f} s {cost.peak / 1e9:6.2f} GB"


if __name__ == "__main__":
    main(sys.argv[1:])
