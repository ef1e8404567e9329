"""3x3 convolutions by Winograd against torch's: python -m tests.bench.bench_winograd.

Times of one convolution forward and of all its gradients, float32 with the channels last, and the root mean square of
the rounding error over that of the result, against float64.
"""

import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from torch import Tensor
from torch.nn import functional

from tests.bench.measure import machine, measure
from wholefield.kernels import winograd

CASES = ((128, 64), (64, 128), (32, 256), (64, 256), (32, 512), (64, 512))
REPEATS = 10


def main() -> None:
    """Print times, ratios and errors."""
    print(f"{machine()}\nside, channels: ms of torch / ms by Winograd")
    for side, channels in CASES:
        torch.manual_seed(0)
        image = arranged(torch.randn(1, channels, side + 2, side + 2).relu())
        weight = arranged(torch.randn(channels, channels, 3, 3) * (2 / 9 / channels) ** 0.5)
        exact = functional.conv2d(image.double(), weight.double())
        gradient = arranged(torch.randn_like(exact, dtype=torch.float32))
        forward = compared(
            partial(functional.conv2d, image, weight),
            partial(winograd.convolve, image, weight),
        )
        backward = compared(
            partial(direct_gradients, gradient, image, weight),
            partial(winograd.gradients, gradient, image, weight, (True, True, False)),
        )
        errors = [
            relative(r, exact) for r in (functional.conv2d(image, weight), winograd.convolve(image, weight))
        ]
        print(
            f"{side:4} {channels:4}: forward {forward}, backward {backward}, "
            f"error {errors[0]:.1e} / {errors[1]:.1e} = {errors[1] / errors[0]:.1f}",
            flush=True,
        )


def arranged(tensor: Tensor) -> Tensor:
    """The tensor with its channels last."""
    return tensor.contiguous(memory_format=torch.channels_last)


def direct_gradients(gradient: Tensor, image: Tensor, weight: Tensor) -> object:
    """Those of image and weight by torch."""
    return torch.ops.aten.convolution_backward(
        gradient, image, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, (True, True, False)
    )


def compared(direct: Callable[[], object], ours: Callable[[], object]) -> str:
    """Both times and how many times faster the second is."""
    one, other = (1000 * measure(work, REPEATS).seconds for work in (direct, ours))
    return f"{one:6.2f} / {other:6.2f} = {one / other:.2f}"


def relative(found: Tensor, exact: Tensor) -> float:
    """Root mean square of the error over that of the result."""
    return float((found - exact).square().mean().sqrt() / exact.square().mean().sqrt())


if __name__ == "__main__":
    main()
