"""Statistics of the whole image that are constants, so that a network is local again."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import torch
from torch import Tensor

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.operations.over_image import StatisticKind
from wholefield.streaming.tracing.program import Preparation, Program, Statistic, slots_of


def frozen(program: Program, values: Sequence[Tensor]) -> Program:
    """The program with constants in place of its statistics.

    Args:
        program: The traced network.
        values: As `merged` gives them, in the order of `to_freeze`.

    Raises:
        StreamingError: There are none yet, or they are those of another network.
    """
    slots: list[Any] = list(program.slots)
    places = to_freeze(program)
    if places and not values:
        raise StreamingError("The statistics to freeze are not measured yet. Call measure_statistics first.")
    shapes = [program.stand_ins[k].shape for k in places]
    if len(places) != len(values) or not all(
        _fits(value, shape) for value, shape in zip(values, shapes, strict=True)
    ):
        raise StreamingError(
            "The frozen statistics are those of another network, or of another mode of it. Measure them again with "
            "measure_statistics."
        )
    for k, value, shape in zip(places, values, shapes, strict=True):
        slots[k] = value.to(program.device, program.stand_ins[k].dtype).expand(shape)
    return replace(program, slots=tuple(slots))


def _fits(value: Tensor, shape: torch.Size) -> bool:
    """Whether a value of one image can be that of each of a batch."""
    return len(value.shape) == len(shape) and all(
        own in (1, wanted) for own, wanted in zip(value.shape, shape, strict=True)
    )


def to_freeze(program: Program) -> list[int]:
    """The slots of the statistics that maps are computed from; what the network only returns is no part of them."""
    waiting, seen = list(program.used), set[int]()
    while waiting:
        k = waiting.pop()
        if k not in seen:
            seen.add(k)
            source = program.slots[k]
            waiting += slots_of(source) if isinstance(source, Preparation) else []
    return sorted(k for k in seen if isinstance(program.slots[k], Statistic))


def merged(kind: StatisticKind, values: Sequence[Tensor], counts: Sequence[int]) -> Tensor:
    """One statistic of several images, as if they were one; of sums it is the mean.

    Args:
        kind: What was found.
        values: Of each image.
        counts: Of how many values it was found in each.
    """
    wide = torch.stack([value.double() for value in values])
    shares = torch.tensor(counts, dtype=torch.float64, device=wide.device) / sum(counts)
    shares = shares.reshape(-1, *[1] * (wide.ndim - 1))
    match kind:
        case StatisticKind.LARGEST | StatisticKind.FIRST_LARGEST:
            found = wide.amax(0)
        case StatisticKind.SUM:
            found = wide.mean(0)
        case StatisticKind.MEAN:
            found = (wide * shares).sum(0)
        case StatisticKind.MOMENTS:
            means, variances = wide.unbind(1)
            mean = (means * shares[:, 0]).sum(0)
            variance = ((variances + (means - mean).square()) * shares[:, 0]).sum(0)
            found = torch.stack((mean, variance))
    return found.to(values[0].dtype)


def count_of(program: Program, slot: int) -> int:
    """How many values a statistic is found in."""
    source = program.slots[slot]
    assert isinstance(source, Statistic)
    return prod(program.nodes[source.node].ref.shape[d] for d in source.dims)
