"""The predicted peak memory of a streamed pass against the measured one: python -m tests.bench.bench_memory.

The prediction counts what a pass allocates. The C library keeps freed memory for later use, the more the more freely it
may; so this runs itself again with an allocator that gives freed memory back at once, and resident memory is what is
allocated.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from tests.bench.bench_streaming import Pass, backbone, inference, training
from tests.bench.measure import machine, measure
from wholefield.streaming import Streamed, plan

GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536"}
CASES = (
    ("small_cnn", 2048, 512),
    ("resnet18", 768, 256),
    ("resnet18", 1536, 256),
    ("resnet18", 1536, 512),
    ("resnet34", 1024, 384),
    ("resnet34", 1536, 512),
    ("resnet50", 768, 256),
    ("resnet50", 1024, 512),
    ("convnext_tiny", 768, 256),
    ("convnext_tiny", 1024, 512),
)


def main() -> None:
    """Print prediction, measurement and ratio for every case."""
    if any(os.environ.get(name) != value for name, value in GIVE_BACK.items()):
        again = [sys.executable, "-m", "tests.bench.bench_memory"]
        sys.exit(subprocess.run(again, env={**os.environ, **GIVE_BACK}, check=False).returncode)
    torch.set_num_threads(1)
    print(f"{machine()}\npeak memory on top of network and input, predicted / measured in MB")
    for name, side, tile in CASES:
        network = backbone(name)
        image = torch.randn(1, 3, side, side)
        need = plan(network, image.shape, tile).memory
        streamed = Streamed(network, tile)
        print(
            f"{name:14} {side:5} px, tile {tile:4}:",
            compare("inference", need.forward, inference(image), streamed),
            compare("training", need.backward, training(image), streamed),
            flush=True,
        )


def compare(title: str, predicted: int, run: Pass, network: nn.Module) -> str:
    """One prediction beside its measurement."""
    run(network)
    # A thread starts without scratch memory from before.
    with ThreadPoolExecutor(1) as fresh:
        measured = fresh.submit(measure, lambda: run(network)).result().peak
    return f"{title} {predicted / 1e6:5.0f} / {measured / 1e6:5.0f} = {predicted / measured:.2f}  "


if __name__ == "__main__":
    main()
