"""Streamed networks against plain ones: python -m tests.bench.bench_streaming [NETWORK [SIDE [TILE ...]]] [keep=MB].

Both run in one process with the same weights and input; ratios below 1 favour streaming. Memory is the peak of
resident memory above that before the pass, so without the network and its input.
"""

import os
import sys

# As the application does: threads that wait leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from engine import models
from engine.streaming import Streamed
from engine.streaming.keeping import KEEP_BUDGET
from tests.bench.measure import Cost, machine, measure

Pass = Callable[[nn.Module], None]


def main(arguments: list[str]) -> None:
    """Compare training and inference at several tile sizes."""
    given = [int(a.removeprefix("keep=")) * 2**20 for a in arguments if a.startswith("keep=")]
    keep = given[0] if given else KEEP_BUDGET
    arguments = [a for a in arguments if not a.startswith("keep=")]
    name = arguments[0] if arguments else "resnet18"
    side = int(arguments[1]) if len(arguments) > 1 else 2048
    tiles = [int(tile) for tile in arguments[2:]] or [512, 256, 128]
    print(f"{machine()}\n{name}, {side}x{side}, float32, keeping {keep / 2**20:.0f} MB")
    network = backbone(name)
    image = torch.randn(1, 3, side, side)
    warm_up(network)
    for title, run in (("forward+backward", training(image)), ("inference", inference(image))):
        plain = measure(lambda run=run: run(network), repeats=2)
        print(f"{title:17} plain      {show(plain)}")
        for tile in tiles:
            cost = measure(
                lambda run=run, tile=tile: run(Streamed(network, tile, keep_budget=keep)), repeats=2
            )
            ratios = (
                f"{cost.seconds / plain.seconds:.2f} of the time, {cost.peak / plain.peak:.2f} of the memory"
            )
            print(f"{title:17} tile {tile:5} {show(cost)}   {ratios}", flush=True)


def backbone(name: str) -> nn.Module:
    """The part of a network that is streamed, with its normalisation frozen."""
    network = getattr(models, name)()
    stream = network.features if hasattr(network, "features") else models.split_resnet(network)[0]
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


def show(cost: Cost) -> str:
    """Seconds and peak memory."""
    return f"{cost.seconds:7.2f} s {cost.peak / 1e9:6.2f} GB"


if __name__ == "__main__":
    main(sys.argv[1:])
