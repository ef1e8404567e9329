"""nnU-Net's default network of two axes, maps on disk: python -m tests.bench stages [SIDE [TILE]].

Every instance normalization begins a stage. Printed are the private memory above the parameters (RssAnon, which a
process cannot give back), the disk of the maps, and the time beside that of the same network with frozen statistics,
which is one stage. Training at 4096 should stay under 2 GB of memory and 1.3 times the time, inference at 8192 under
1.5 GB.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import numpy as np
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from torch import nn

from tests.bench.measure import machine
from wholefield.files import reserved
from wholefield.malloc import give_back_freed_memory
from wholefield.streaming import Spill, Streamed, plan

FEATURES = (32, 64, 128, 256, 512, 512, 512)
HALO_BUDGET = 2**27
SECONDS_BETWEEN = 0.05


def network() -> nn.Module:
    """What nnU-Net plans for pictures by default."""
    return PlainConvUNet(
        1, 7, FEATURES, nn.Conv2d, 3, (1, 2, 2, 2, 2, 2, 2), (2,) * 7, 2, (2,) * 6, conv_bias=True,
        norm_op=nn.InstanceNorm2d, norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True},
    )  # fmt: skip


def private() -> int:
    """Private memory of this process in bytes."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) * 1024


def measured(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and the largest private memory above that before."""
    give_back_freed_memory()
    before, peak, over = private(), [0], Event()

    def watch() -> None:
        while not over.wait(SECONDS_BETWEEN):
            peak[0] = max(peak[0], private())

    thread = Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    try:
        work()
    finally:
        over.set()
        thread.join()
    return time.perf_counter() - start, peak[0] - before


def main(side: int = 1024, tile: int = 512) -> None:
    """Print memory, disk and time of training and inference."""
    torch.manual_seed(0)
    net, image = network(), torch.randn(1, 1, side, side)
    parameters = sum(parameter.nbytes for parameter in net.parameters())
    print(f"{machine()}\nparameters {parameters / 1e6:.0f} MB, image {side} x {side}, tile {tile}")
    need = plan(net, image.shape, tile, map_budget=0).memory
    with tempfile.TemporaryDirectory() as folder:
        spill = Spill(folder, budget=0)
        of_image = Streamed(net, tile, spill=spill, halo_budget=HALO_BUDGET)
        frozen = Streamed(net, tile, halo_budget=HALO_BUDGET, statistics="frozen")
        frozen.measure_statistics(image[..., : side // 2, : side // 2])

        def train(streamed: Streamed) -> None:
            net.zero_grad()
            streamed(image).square().mean().backward()

        train(of_image)
        train(frozen)
        seconds, peak = measured(lambda: train(of_image))
        beside, _ = measured(lambda: train(frozen))
        print(
            f"training:  {peak / 1e6:6.0f} MB private, {need.backward_disk / 1e9:.1f} GB of maps on disk, "
            f"{seconds:.1f} s, {seconds / beside:.2f} of the time with frozen statistics",
            flush=True,
        )
        net.zero_grad()
        output = reserved(Path(folder) / "output", (1, 2, side, side), np.float32)
        seconds, peak = measured(lambda: of_image.eval().write(image, output))
        print(
            f"inference: {peak / 1e6:6.0f} MB private, {need.forward_disk / 1e9:.1f} GB of maps on disk, "
            f"{seconds:.1f} s"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
