"""Mixed-scale dense blocks against the usual ways to compute them: python -m tests.bench.bench_msd [size [depth]].

All ways run in one process on one thread (or on the CUDA device, if there is one), so ratios can be compared.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from tests.bench.measure import Cost, machine, measure
from wholefield.compat.msd_pytorch import release_buffers
from wholefield.networks.msd.kernel.functions import msd_network
from wholefield.networks.msd.spec import repeat_dilations

Parameters = tuple[Sequence[int], Tensor, list[Tensor], Tensor, Tensor]
Network = Callable[[Tensor, Parameters], Tensor]


def make(
    shape: Sequence[int], depth: int, width: int, device: str, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Parameters]:
    """An image and parameters that keep the activations of a deep network in range."""
    torch.manual_seed(0)

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, device=device, dtype=dtype)

    kernel = [3] * (len(shape) - 2)
    weights = [normal(width, shape[1] + i * width, *kernel) for i in range(depth)]
    weights = [weight * (2 / weight[0].numel()) ** 0.5 for weight in weights]
    channels = shape[1] + depth * width
    final = normal(2, channels) / channels
    image = normal(*shape)
    bias, final_bias = image.new_zeros(depth * width), image.new_zeros(2)
    return image, (repeat_dilations(range(1, 11), depth), bias, weights, final, final_bias)


def ours(image: Tensor, parameters: Parameters) -> Tensor:
    """The grouped kernel."""
    return msd_network(image, *parameters)


def mirrored(image: Tensor, distance: int) -> Tensor:
    """The image extended by its reflection, as is fastest with torch alone."""
    for axis in range(2, image.ndim):
        first = image.narrow(axis, 0, distance).flip(axis)
        last = image.narrow(axis, image.shape[axis] - distance, distance).flip(axis)
        image = torch.cat([first, image, last], axis)
    return image


def with_cat(image: Tensor, parameters: Parameters) -> Tensor:
    """torch.cat and a convolution a layer, over symmetric padding."""
    dilations, bias, weights, final, final_bias = parameters
    convolve = functional.conv2d if image.ndim == 4 else functional.conv3d
    for biases, weight, dilation in zip(bias.view(len(weights), -1), weights, dilations, strict=True):
        padded = mirrored(image, dilation)
        image = torch.cat([image, functional.relu(convolve(padded, weight, biases, dilation=dilation))], 1)
    return convolve(image, final.view(*final.shape, *(1,) * (image.ndim - 2)), final_bias)


def train(network: Network) -> Network:
    """A forward and backward pass."""

    def step(image: Tensor, parameters: Parameters) -> Tensor:
        dilations, bias, weights, final, final_bias = parameters
        leaves = [each.detach().requires_grad_() for each in (bias, final, final_bias, *weights)]
        output = network(image, (dilations, leaves[0], leaves[3:], leaves[1], leaves[2]))
        torch.autograd.grad(output.square().mean(), leaves)
        return output.detach()

    return step


def cost(network: Network, image: Tensor, parameters: Parameters, repeats: int) -> Cost:
    """Time and memory above the input; on a CUDA device measured there."""
    if image.device.type == "cpu":
        return measure(lambda: network(image, parameters), repeats)
    network(image, parameters)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before, start = torch.cuda.memory_allocated(), time.perf_counter()
    for _ in range(repeats):
        network(image, parameters)
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - start) / repeats
    return Cost(seconds, torch.cuda.max_memory_allocated() - before)


def compare(
    title: str, shape: Sequence[int], depth: int, width: int, device: str, *, slow: bool = True
) -> None:
    """Print one table."""
    image, parameters = make(shape, depth, width, device)
    print(f"\n{title}: {tuple(shape)}, depth {depth}, width {width}")
    for name, wrap in (("forward", lambda network: torch.no_grad()(network)), ("forward+backward", train)):
        wrap(ours)(image, parameters)
        mine = cost(wrap(ours), image, parameters, 3)
        line = f"  {name:17} ours {mine.seconds:7.3f} s"
        if slow:
            release_buffers()
            fresh = cost(wrap(ours), image, parameters, 1)
            usual = cost(wrap(with_cat), image, parameters, 1)
            line += f", {fresh.peak / 1e9:5.2f} GB | cat + conv {usual.seconds:7.3f} s, {usual.peak / 1e9:5.2f} GB"
            line += f" | {usual.seconds / mine.seconds:.1f} x faster, "
            line += f"{usual.peak / max(fresh.peak, 1):.1f} x less memory"
        print(line, flush=True)


def low_precision(shape: Sequence[int], depth: int, device: str) -> None:
    """What bfloat16 inference gains, and what it costs in dB of the output."""
    image, parameters = make(shape, depth, 1, device)
    dilations, bias, weights, final, final_bias = parameters
    low = (
        dilations,
        bias.bfloat16(),
        [each.bfloat16() for each in weights],
        final.bfloat16(),
        final_bias.bfloat16(),
    )
    run = torch.no_grad()(ours)
    exact, rounded = run(image, parameters), run(image.bfloat16(), low).float()
    full, half = cost(run, image, parameters, 5), cost(run, image.bfloat16(), low, 5)
    span = exact.max() - exact.min()
    psnr = 10 * torch.log10(span**2 / (exact - rounded).square().mean())
    print(
        f"\nbfloat16 inference: {full.seconds / half.seconds:.2f} x faster, output at {psnr:.1f} dB of float32's"
    )


def main(size: int = 512, depth: int = 100) -> None:
    """Print all tables."""
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True
    ).stdout.strip()
    print(f"{machine()}, {device}, commit {commit}")
    low_precision((1, 1, size, size), depth, device)
    compare("images, width 1", (1, 1, size, size), depth, 1, device)
    compare("images, width 3", (1, 1, size // 2, size // 2), depth // 4, 3, device)
    compare("volumes", (1, 1, *(size // 8,) * 3), depth // 4, 1, device)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
