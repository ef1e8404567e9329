"""Networks, images and tiles that two processes stream together, and what one rank does with them."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from torch import Tensor, nn
from torch.distributed import group, new_group

from tests.engine.streaming.conftest import outputs_and_gradients
from tests.engine.streaming.layers import Apply, between, conv, small
from wholefield.errors import WholefieldError
from wholefield.networks.u_net import UNet
from wholefield.streaming import (
    GatedAttentionPool,
    LogSumExpPool,
    MaxPool,
    MeanPool,
    Reduction,
    Streamed,
    Sweep,
    TileVisit,
    TopKPool,
)
from wholefield.streaming.execution.ranks import watch
from wholefield.streaming.execution.reductions import Together, Weights
from wholefield.streaming.geometry.spans import Spans


@dataclass(frozen=True)
class Case:
    """One network over one image."""

    network: Callable[[], nn.Module]
    shape: tuple[int, ...]
    tile: int | tuple[int, ...]
    reduction: Callable[[], Reduction] | None = None
    smallest_block: int | None = None
    workers: int = 1

    def build(self) -> tuple[nn.Module, Reduction | None, Tensor]:
        torch.manual_seed(5)
        network = self.network().double()
        reduction = None if self.reduction is None else self.reduction().double()
        return network, reduction, torch.randn(self.shape, dtype=torch.float64)


def two_outputs() -> nn.Module:
    return Apply(lambda x, one, two: {"a": one(x), "b": two(x) > 0, "c": one(x) * 2}, conv(), conv(4, 3))


CASES = {
    "image": Case(small, (1, 2, 37, 29), 8),
    "rows of one tile": Case(small, (2, 2, 41, 9), 10),
    "fewer rows than ranks": Case(small, (1, 2, 9, 31), 10),
    "waiting nodes": Case(small, (1, 2, 37, 29), 6, smallest_block=8),
    "signal": Case(lambda: between(nn.MaxPool1d(2), 1), (1, 2, 53), 7),
    "volume": Case(lambda: between(nn.MaxPool3d(2), 3), (1, 2, 13, 8, 11), 5),
    "u-net": Case(lambda: UNet(2, 2, 3, width=3, depth=2).eval(), (1, 2, 45, 38), (8, 12), workers=2),
    "several outputs": Case(two_outputs, (1, 4, 23, 17), 6),
    "mean": Case(small, (1, 2, 37, 29), 8, MeanPool),
    "max": Case(small, (1, 2, 37, 29), 8, MaxPool),
    "several pools": Case(
        small, (1, 2, 37, 29), 8, lambda: Together([TopKPool(40), LogSumExpPool(2.0), MeanPool()])
    ),
    "attention": Case(small, (1, 2, 37, 29), 8, lambda: GatedAttentionPool(3, 4)),
    "attention of fewer rows than ranks": Case(small, (1, 2, 7, 29), 8, lambda: GatedAttentionPool(3, 4)),
}


def streamed_case(rank: int, name: str) -> tuple[list[Any], dict[str, Any]]:
    case = CASES[name]
    network, reduction, image = case.build()
    streamed = Streamed(
        network,
        case.tile,
        reduction=reduction,
        smallest_block=case.smallest_block,
        workers=case.workers,
        process_group=group.WORLD,
    )
    results, grads = outputs_and_gradients(streamed, image)
    return [as_numpy(x) for x in results], {name: as_numpy(grad) for name, grad in grads.items()}


def as_numpy(tensor: Tensor | None) -> Any:
    return None if tensor is None else tensor.numpy()


class Rows:
    """An image that notes what is read of it, and holds nonsense elsewhere."""

    def __init__(self, whole: Tensor) -> None:
        self.whole = whole
        self.shape, self.dtype, self.device = whole.shape, whole.dtype, whole.device
        self.read_boxes: list[Spans] = []

    def read(self, spans: Spans) -> Tensor:
        self.read_boxes.append(spans)
        return self.whole[:, :, slice(*spans[0]), slice(*spans[1])].clone()


def lazily(rank: int) -> tuple[Any, list[Spans], list[tuple[int, ...]]]:
    network, _, image = CASES["image"].build()
    rows, visits = Rows(image), list[TileVisit]()
    streamed = Streamed(network, 8, on_tile=visits.append, process_group=group.WORLD)
    streamed(rows).square().sum().backward()
    grads = [as_numpy(p.grad) for p in network.parameters()]
    return grads, rows.read_boxes, [visit.index for visit in visits]


def written(rank: int, path: Path) -> None:
    network, _, image = CASES["image"].build()
    array = np.load(path, mmap_mode="r+")
    Streamed(network, 8, process_group=group.WORLD).write(image, array)
    array.flush()


def written_in_chunks(rank: int, path: Path) -> None:
    network, _, image = CASES["image"].build()
    array = zarr.open_array(path, mode="r+")
    Streamed(network, 8, process_group=group.WORLD).write(image, array)


def different(rank: int, what: str) -> None:
    network, _, image = CASES["image"].build()
    if what == "weights" and rank == 1:
        next(network.parameters()).data.add_(1)
    # What fails breaks the ring of its group.
    streamed = Streamed(network, 8 + rank * (what == "tiles"), process_group=new_group())
    with torch.set_grad_enabled(not (what == "learning" and rank == 1)):
        y = streamed(image)
    (y * (1 + rank * (what == "loss"))).sum().backward()


def unfit(rank: int, what: str) -> None:
    network: nn.Module = small().double()
    reduction: Reduction | None = None
    if what == "random":
        network = nn.Sequential(conv(2), nn.Dropout()).double()
    else:
        reduction = Largest()
    Streamed(network, 8, reduction=reduction, process_group=new_group())(
        torch.rand(1, 2, 20, 20, dtype=torch.float64)
    )


class Largest(Reduction):
    """A reduction that says nothing of merging."""

    def fold(self, state: Tensor | None, block: Tensor, weights: Weights) -> Tensor:
        return block.flatten(2).amax(2)

    def finish(self, state: Tensor) -> Tensor:
        return state

    def surrogate(self, state: Tensor, block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        return block.sum()


class Cancelled(WholefieldError):
    """What a caller raises to cancel."""


def ended_early(rank: int, how: str, sweep: Sweep) -> None:
    """Rank 1 ends in the middle of a sweep."""
    watch.BEAT, watch.SILENCE = 0.2, 8.0
    network, _, image = CASES["image"].build()

    def on_tile(visit: TileVisit) -> None:
        if rank == 1 and visit.sweep is sweep and visit.index == (3, 1):
            if how == "raises":
                raise Cancelled("The user has had enough.")
            os.kill(os.getpid(), getattr(signal, how))

    streamed = Streamed(network, 8, on_tile=on_tile, process_group=new_group())
    streamed(image).square().sum().backward()
