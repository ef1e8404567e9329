"""Statistics of the whole image that are measured once, and kept with the network."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.chain import Run
from wholefield.streaming.operations.over_image import StatisticKind
from wholefield.streaming.tracing.frozen import count_of, merged, to_freeze
from wholefield.streaming.tracing.program import Program, Statistic


class Statistics(StrEnum):
    """Where the statistics come from that a network takes of the whole image."""

    IMAGE = "image"
    """From the image, as in the network itself."""
    FROZEN = "frozen"
    """From what was measured before: constants, so that the network is local."""


class FrozenStatistics(nn.Module):
    """What was measured, as buffers, so that it is in the state of a module."""

    @property
    def values(self) -> list[Tensor]:
        """In the order in which the network takes them."""
        return list(self.buffers())

    def put(self, values: Sequence[Tensor]) -> None:
        """Keep these and no others."""
        self._buffers.clear()
        for k, value in enumerate(values):
            self.register_buffer(str(k), value)

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        names = [name for name in state if name.startswith(prefix)]
        if names:
            ordered = sorted(names, key=lambda name: int(name.removeprefix(prefix)))
            self.put([torch.empty_like(state[name]) for name in ordered])
        super()._load_from_state_dict(state, prefix, *rest)


def measured(runs: Sequence[tuple[Program, Run]]) -> list[Tensor]:
    """The statistics of several images as if they were one, each found behind those before it.

    Args:
        runs: The network as traced for each image, and its stages, not yet begun; what they would return is not needed.

    Raises:
        StreamingError: The network does not do the same with all of them, or takes no statistics.
    """
    places = [to_freeze(program) for program, _ in runs]
    kinds = [[_kind(program, k) for k in own] for (program, _), own in zip(runs, places, strict=True)]
    if not places[0]:
        raise StreamingError(
            "The network takes no statistics of the whole image, so there is nothing to freeze."
        )
    if any(own != kinds[0] for own in kinds):
        raise StreamingError(
            "The network takes other statistics of images of other sizes; measure on one size."
        )
    found: dict[int, Tensor] = {}
    steps = [next(run) for _, run in runs]
    while True:
        for rank in range(len(places[0])):
            slots = [own[rank] for own in places]
            if slots[0] not in steps[0]:
                continue
            counts = [count_of(program, slot) for (program, _), slot in zip(runs, slots, strict=True)]
            values = [step[slot] for step, slot in zip(steps, slots, strict=True)]
            found[rank] = merged(kinds[0][rank], values, counts)
            for step, slot in zip(steps, slots, strict=True):
                step[slot] = found[rank]
        if len(found) == len(places[0]):
            break
        steps = [run.send(step) for (_, run), step in zip(runs, steps, strict=True)]
    for _, run in runs:
        run.close()
    return [found[rank] for rank in range(len(places[0]))]


def _kind(program: Program, slot: int) -> StatisticKind:
    source = program.slots[slot]
    assert isinstance(source, Statistic)
    return source.kind


@contextmanager
def buffers_kept(network: nn.Module) -> Iterator[None]:
    """Undo what measuring writes into a network, such as running statistics."""
    before = [(buffer, buffer.clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in before:
                buffer.copy_(value)
