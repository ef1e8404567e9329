"""Mixed-scale dense networks row by row against the whole image: python -m tests.bench msd_streaming [size [strip]].

Inference: time per pixel, memory and difference. Training: memory and time of one step in strips, beside those of the
whole image and the difference of the gradients, or beside a small image in proportion where the whole is too large. One
thread, depth 100.
"""

import sys
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from tests.bench.measure import Cost, machine, measure
from wholefield.compat.msd_pytorch import MSDModule2d, release_buffers
from wholefield.networks.msd.predict import stream_rows

DEPTH = 100
WHOLE = 1024
# Beyond this side a step over the whole image takes tens of gigabytes.
LARGEST_WHOLE = 2048


def network() -> MSDModule2d:
    """A deep network whose output is not zero."""
    torch.manual_seed(0)
    net = MSDModule2d(1, 2, DEPTH, 1)
    torch.nn.init.normal_(net.final_layer.linear.weight, std=0.01)
    return net


def fresh(work: Callable[[], object]) -> Cost:
    """Time and memory with no buffers left over from before."""
    release_buffers()
    return measure(work)


@torch.no_grad()
def inference(size: int) -> None:
    """Print time per pixel and memory of both ways."""
    net = network()
    small = torch.randn(1, WHOLE, WHOLE)
    net(small[None])
    whole = measure(lambda: net(small[None]), 3)
    found = torch.cat([block for _, block in _rows(net, small)], 1)
    difference = (found - net(small[None])[0]).abs().max().item()
    image = torch.randn(1, size, size)
    rows = fresh(lambda: [None for _ in _rows(net, image)])
    ratio = rows.seconds / size**2 / (whole.seconds / WHOLE**2)
    print(
        f"inference {size}x{size} by rows: {rows.seconds:.1f} s, {rows.peak / 1e9:.2f} GB, {ratio:.2f} of the time per "
        f"pixel of {WHOLE}x{WHOLE} in memory; largest difference {difference:.1e}",
        flush=True,
    )


def _rows(net: MSDModule2d, image: Tensor) -> Iterator[tuple[int, Tensor]]:
    return stream_rows(net, lambda first, end: image[:, first:end], image.shape[1:])


def step(image: Tensor, strip: int | None) -> tuple[Cost, Sequence[Tensor]]:
    """One forward and backward pass, and its gradients."""
    net = network()
    net.strip = strip
    cost = fresh(lambda: net(image[None]).square().mean().backward())
    return cost, [each.grad for each in net.parameters() if each.grad is not None]


def training(size: int, strip: int) -> None:
    """Print time and memory of a training step in strips and of the whole image."""
    image = torch.randn(1, size, size)
    strips, gradients = step(image, strip)
    print(
        f"training {size}x{size}, strips of {strip}: {strips.seconds:.0f} s, {strips.peak / 1e9:.2f} GB",
        flush=True,
    )
    if size > LARGEST_WHOLE:
        compare_with_small(size, strips)
        return
    whole, expected = step(image, None)
    scale = max(each.abs().max().item() for each in expected)
    worst = max((a - b).abs().max().item() for a, b in zip(gradients, expected, strict=True)) / scale
    print(
        f"training {size}x{size} in memory: {whole.seconds:.0f} s, {whole.peak / 1e9:.2f} GB; strips take "
        f"{strips.peak / whole.peak:.2f} of the memory, {strips.seconds / whole.seconds:.2f} of the time; largest "
        f"difference of a gradient {worst:.1e} of the largest gradient",
        flush=True,
    )


def compare_with_small(size: int, strips: Cost) -> None:
    """Print what a step over the whole image would take, by that of a small one: both grow with the pixels."""
    whole, _ = step(torch.randn(1, WHOLE, WHOLE), None)
    times = (size / WHOLE) ** 2
    print(
        f"{times:.0f} times a step of {WHOLE}x{WHOLE} in memory: {times * whole.seconds:.0f} s, "
        f"{times * whole.peak / 1e9:.1f} GB; strips take {strips.peak / whole.peak / times:.2f} of the memory, "
        f"{strips.seconds / whole.seconds / times:.2f} of the time",
        flush=True,
    )


def main(size: int = 2048, strip: int = 256) -> None:
    """Print both."""
    torch.set_num_threads(1)
    print(machine())
    inference(size)
    training(size, strip)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
