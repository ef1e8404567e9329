"""Gradients of convolution weights against torch's: python -m tests.bench convolutions.

One thread, channels last; speed in multiply-adds a second, beside that of a matrix product of the same work.
"""

import time
from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional

from tests.bench.measure import machine
from wholefield.kernels import unrolled

CASES = (
    (64, 128, 135, 251, 3, 2),
    (128, 256, 71, 193, 3, 2),
    (256, 512, 39, 97, 3, 2),
    (3, 64, 517, 517, 7, 2),
)
REPEATS = 5


def main() -> None:
    """Print one line a layer: channels in and out, pixels, kernel and stride as in a ResNet-18 on tiles of 512 px."""
    torch.set_num_threads(1)
    print(machine())
    for channels, filters, height, width, kernel, stride in CASES:
        image = torch.randn(1, channels, height, width).contiguous(memory_format=torch.channels_last)
        weight = torch.randn(filters, channels, kernel, kernel)
        result = functional.conv2d(image, weight, None, stride)
        gradient = torch.randn_like(result).contiguous(memory_format=torch.channels_last)
        work = result.numel() * channels * kernel**2
        rows = result.shape[2] * result.shape[3]
        left, right = torch.randn(filters, rows), torch.randn(rows, channels * kernel**2)
        step, one, wants = [stride] * 2, [1, 1], (False, True, False)
        by_torch = partial(
            torch.ops.aten.convolution_backward,
            gradient, image, weight, None, step, [0, 0], one, False, [0, 0], 1, wants,
        )  # fmt: skip
        ways: dict[str, Callable[[], object]] = {
            "torch": by_torch,
            "unrolled": partial(unrolled.gradients, gradient, image, weight, step, one, wants),
            "product": partial(torch.mm, left, right),
        }
        speeds = {name: work / seconds / 1e9 for name, seconds in interleaved(ways).items()}
        shown = ", ".join(f"{name} {speed:4.1f} G/s" for name, speed in speeds.items())
        print(f"{channels:4} to {filters:4}, {kernel}x{kernel}, stride {stride}: {shown}")


def interleaved(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of the fastest run of each."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(REPEATS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
