"""Tile sizes and numbers of workers that fit a budget of memory."""

from collections.abc import Iterator, Sequence
from math import inf

import torch
from torch import nn

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.planning.forecast import Forecast, slot_stand_ins
from wholefield.streaming.planning.kept_activations import KEEP_BUDGET
from wholefield.streaming.planning.stages import lay_out_stages
from wholefield.streaming.planning.table import in_bytes
from wholefield.streaming.planning.workers import speedup, workers_for
from wholefield.streaming.tracing.folding import fold_normalization
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.trace import trace

TILE_SIZES = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)

TILE_COST = 96
"""A tile of that many pixels takes twice as long for each as a very large one: tests/bench/bench_streaming.py."""


def suggest_tile_size(
    network: nn.Module,
    input_shape: Sequence[int],
    memory_budget: int,
    *,
    training: bool = True,
    dtype: torch.dtype = torch.float32,
    keep_budget: int = KEEP_BUDGET,
    map_budget: int | None = None,
) -> int:
    """The largest usual tile size whose predicted peak memory stays within a budget.

    Args:
        network: The network that will be streamed.
        input_shape: (batch, channels, *axes) of the whole image.
        memory_budget: Bytes on top of network and input.
        training: Whether gradients will be wanted.
        dtype: Element type of the image.
        keep_budget: As for Streamed.
        map_budget: As for plan.

    Returns:
        The tile size in pixels, for all axes.

    Raises:
        StreamingError: Not even the smallest tile fits.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import suggest_tile_size
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        >>> suggest_tile_size(net, (1, 3, 256, 256), memory_budget=10_000_000)
        192
    """
    least, leanest = inf, 0
    # The need does not simply rise with the size: small tiles hand on more halos, and deep layers wait for a power of
    # two of tiles. So all sizes are laid out, but a tile is walked only where it may need less than the leanest so far.
    for size, _, forecast in _forecasts(network, input_shape, dtype, keep_budget, map_budget):
        if forecast.floor(training) >= least:
            continue
        need = forecast.peak(training)
        if need <= memory_budget:
            return size
        if need < least:
            least, leanest = need, size
    raise StreamingError(
        f"No tile size fits into {in_bytes(memory_budget)}: the leanest, {leanest} px, needs {in_bytes(int(least))}. "
        "Give it more memory, a smaller image or a smaller network."
    )


def suggest_tiling(
    network: nn.Module,
    input_shape: Sequence[int],
    memory_budget: int,
    *,
    training: bool = True,
    dtype: torch.dtype = torch.float32,
    keep_budget: int = KEEP_BUDGET,
    map_budget: int | None = None,
) -> tuple[int, int]:
    """The tile size and number of workers that are likely to be fastest within a budget of memory.

    Args:
        network: The network that will be streamed.
        input_shape: (batch, channels, *axes) of the whole image.
        memory_budget: Bytes on top of network and input.
        training: Whether gradients will be wanted.
        dtype: Element type of the image.
        keep_budget: As for Streamed.
        map_budget: As for plan.

    Returns:
        The tile size in pixels, for all axes, and how many tiles to compute at the same time, at most the number of
        torch's threads.

    Raises:
        StreamingError: Not even the smallest tile fits.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import suggest_tiling
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        >>> size, workers = suggest_tiling(net, (1, 3, 256, 256), memory_budget=10_000_000)
        >>> size <= 384, workers >= 1
        (True, True)
    """
    fitting: list[tuple[float, int, int]] = []
    for size, recurrence, forecast in _forecasts(network, input_shape, dtype, keep_budget, map_budget):
        if forecast.floor(training) > memory_budget:
            continue
        for workers in range(workers_for(recurrence, None), 0, -1):
            if forecast.peak(training, workers) <= memory_budget:
                fitting.append((speedup(recurrence, workers) / (1 + TILE_COST / size), size, workers))
                break
    if not fitting:
        # Its sentence tells the leanest size.
        return suggest_tile_size(
            network, input_shape, memory_budget, training=training, dtype=dtype, keep_budget=keep_budget,
            map_budget=map_budget,
        ), 1  # fmt: skip
    return max(fitting)[1:]


def _forecasts(
    network: nn.Module,
    input_shape: Sequence[int],
    dtype: torch.dtype,
    keep_budget: int,
    map_budget: int | None,
) -> Iterator[tuple[int, Recurrence, Forecast]]:
    """The usual tile sizes for an image, largest first, each with its layout and forecast."""
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    program = fold_normalization(trace(network, tuple(input_shape), dtype, device), Precision.now(device))
    tensors = slot_stand_ins(program, network)
    for size in reversed([s for s in TILE_SIZES if s < 2 * max(program.image.lengths)] or TILE_SIZES[:1]):
        sizes = (size,) * len(program.image.axes)
        layouts = lay_out_stages(program, sizes, None, keep_budget)
        yield size, layouts[0].recurrence, Forecast(layouts, tensors, map_budget=map_budget)
