"""The stages of a network one after the other, with the small calls between them under autograd."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from wholefield.streaming.execution.autograd import StreamedFunction, SweepSetup
from wholefield.streaming.execution.layout import arrange
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.slot_values import SlotValues
from wholefield.streaming.tracing.stages import depths_of, released_after


@dataclass(frozen=True)
class Found:
    """What a pass came to.

    Attributes:
        nodes: The network's outputs over the image, by node.
        slots: All tensors that do not run over the image.
    """

    nodes: dict[int, Tensor]
    slots: SlotValues


Run: TypeAlias = Generator[dict[int, Tensor], dict[int, Tensor], Found]
"""A network that is computed stage by stage: gives the statistics of each, by slot, and takes those to go on with."""


def finished(run: Run) -> Found:
    """What a network comes to with its own statistics."""
    try:
        statistics = next(run)
        while True:
            statistics = run.send(statistics)
    except StopIteration as end:
        found: Found = end.value
        return found


def stage_by_stage(
    program: Program, setups: Sequence[SweepSetup], network: nn.Module, image: Tensor | None
) -> Run:
    """Compute a network stage by stage.

    Args:
        program: The traced network.
        setups: How the image passes each stage.
        network: Whose parameters it uses.
        image: The image, unless it is read lazily.
    """
    slots = SlotValues(program, network, depths_of(program).slots)
    nodes: dict[int, Tensor] = {}
    tokens: dict[int, Tensor] = {}
    if image is not None and not torch.is_grad_enabled():
        image = image.detach()
    stages = [setup.stage for setup in setups]
    for number, setup in enumerate(setups):
        stage = setup.stage
        tensors = _tensors(setup, slots) + [tokens[node] for node in stage.maps]
        if not torch.is_grad_enabled():
            # A function learns what requires a gradient, but not that none is needed.
            tensors = [tensor.detach() for tensor in tensors]
        results = list(StreamedFunction.apply(setup, image if 0 in stage.program.live else None, *tensors))
        for found, names in ((nodes, stage.results), (tokens, stage.stored)):
            found |= zip(names, results, strict=False)
            del results[: len(names)]
        for slot, value in (yield dict(zip(stage.statistics, results, strict=True))).items():
            slots.put(slot, value)
        slots.advance()
        if not torch.is_grad_enabled():
            for node in released_after(stages, number):
                setup.maps.release(node)
    return Found(nodes, slots)


def _tensors(setup: SweepSetup, slots: SlotValues) -> list[Tensor]:
    """The tensors that a stage uses, in the memory format of its tiles, and the weights of its reduction."""
    used = setup.stage.program.used
    found = [
        arrange(slots[k], setup.memory_format) if k in used else torch.empty(0)
        for k in range(len(setup.stage.program.slots))
    ]
    return found + ([] if setup.pool is None else list(setup.pool.parameters()))
