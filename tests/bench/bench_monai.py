"""Memory and time of StreamedInferer beside MONAI's SlidingWindowInferer: python -m tests.bench.bench_monai.

Every way runs in a process of its own on a volume of 256^3 voxels; counted is the peak of private memory above what
network and volume take.
"""

import subprocess
import sys
import time

import torch
from monai.inferers import SlidingWindowInferer
from monai.networks.nets.unet import UNet
from torch import Tensor, nn

from tests.bench.measure import machine, measure
from wholefield.compat.monai import StreamedInferer

SIDE = 256
WINDOW = 96
WAYS = {
    "sliding": lambda: SlidingWindowInferer(WINDOW, sw_batch_size=4, overlap=0.25, mode="gaussian"),
    "streamed": lambda: StreamedInferer(WINDOW, sw_batch_size=4, overlap=0.25, mode="gaussian"),
    "streamed 32": lambda: StreamedInferer(WINDOW, tile_size=32),
}


def network() -> nn.Module:
    """A small 3-D U-Net of MONAI."""
    torch.manual_seed(0)
    return UNet(3, 1, 2, channels=(8, 16, 32, 64), strides=(2, 2, 2), num_res_units=1, norm="batch").eval()


def main() -> None:
    """Print peak and time of every way, and the ratio to sliding windows."""
    if len(sys.argv) > 2:
        run(sys.argv[2])
        return
    print(machine())
    found: dict[str, tuple[float, float]] = {}
    for way in sys.argv[1].split(",") if len(sys.argv) > 1 else WAYS:
        command = [sys.executable, "-m", "tests.bench.bench_monai", "run", way]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peak, seconds = map(float, done.stdout.split())
        found[way] = peak, seconds
        first = next(iter(found.values()))
        ratios = f"{peak / first[0]:.2f} and {seconds / first[1]:.2f} times"
        print(f"{way:12} {peak / 2**20:7.0f} MB {seconds:6.1f} s; {ratios}", flush=True)


def run(way: str) -> None:
    """Measure one way in this process."""
    torch.set_num_threads(2)
    net, volume = network(), torch.randn(1, 1, SIDE, SIDE, SIDE)
    results: list[Tensor] = []
    with torch.no_grad():
        begun = time.perf_counter()
        found = measure(lambda: results.append(WAYS[way]()(volume, net)))
        print(found.peak, time.perf_counter() - begun)


if __name__ == "__main__":
    main()
