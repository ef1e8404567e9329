"""A traced network cut at its values of the whole image: what each stage computes, reads and hands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch.utils._pytree import tree_leaves

from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.program import Preparation, Program, Statistic, slots_of
from wholefield.streaming.tracing.stored import nodes_to_store


@dataclass(frozen=True)
class Stage:
    """One streamed pass of a network: a local program between two sets of values of the whole image.

    Attributes:
        number: Its place in the order of the stages.
        program: What it computes: maps that earlier stages stored are inputs, its outputs are the nodes whose blocks
            it hands out.
        results: Nodes that the network returns.
        stored: Nodes whose maps later stages read.
        statistics: What it finds of the whole image, by slot.
    """

    number: int
    program: Program
    results: tuple[int, ...]
    stored: tuple[int, ...]
    statistics: Mapping[int, Statistic]

    @cached_property
    def maps(self) -> tuple[int, ...]:
        """The maps of earlier stages that it reads, by node."""
        nodes = self.program.nodes
        return tuple(k for k in self.program.inputs if k and not nodes[k].slots)


def released_after(stages: Sequence[Stage], number: int) -> set[int]:
    """The maps that are at hand while a stage runs, and that no stage behind reads."""
    wanted = {node for stage in stages[number + 1 :] for node in stage.maps}
    return {*stages[number].stored, *stages[number].maps} - wanted


@dataclass(frozen=True)
class Depths:
    """How many reductions over the image lie on a path to each value, at most: the stage that can compute it first.

    Attributes:
        nodes: Of every node.
        slots: Of every slot.
    """

    nodes: tuple[int, ...]
    slots: tuple[int, ...]


def cut_into_stages(program: Program, image_again: bool = False) -> tuple[Stage, ...]:
    """Cut a program at its statistics.

    Args:
        program: The traced network.
        image_again: Whether later stages may read the image where that saves a map.

    Returns:
        The stages in their order; a local network has one.
    """
    depths = depths_of(program)
    stored = nodes_to_store(program, depths.nodes, image_again)
    outputs = {leaf.index: leaf for leaf in tree_leaves(program.outputs) if isinstance(leaf, Ref)}
    last = max((depths.nodes[k] for k in program.live), default=0)
    return tuple(_stage(program, depths, stored, tuple(outputs), number) for number in range(last + 1))


def _stage(
    program: Program, depths: Depths, stored: frozenset[int], outputs: tuple[int, ...], number: int
) -> Stage:
    here = [k for k in sorted(stored) if depths.nodes[k] == number]
    results = [k for k in outputs if depths.nodes[k] == number]
    statistics = {
        k: slot
        for k, slot in enumerate(program.slots)
        if isinstance(slot, Statistic) and depths.slots[k] == number + 1
    }
    earlier = {k for k in stored if depths.nodes[k] < number}
    nodes = tuple(
        replace(node, inputs=(), slots=(), local=None, call=None) if node.ref.index in earlier else node
        for node in program.nodes
    )
    wanted = dict.fromkeys((*results, *here, *(statistic.node for statistic in statistics.values())))
    # Statistics are outputs of a stage: its own program has none.
    slots = tuple("" if isinstance(slot, Statistic) else slot for slot in program.slots)
    return Stage(
        number,
        replace(program, nodes=nodes, slots=slots, outputs=tuple(program.nodes[k].ref for k in wanted)),
        tuple(results),
        tuple(here),
        statistics,
    )


def depths_of(program: Program) -> Depths:
    """The stage of every node and slot."""
    nodes, slots = [0] * len(program.nodes), [0] * len(program.slots)
    needs = [_needs(program, k) for k in range(len(slots))]
    changed = True
    # Slots and nodes depend on each other both ways, in no common order; every pass settles at least one more stage.
    while changed:
        before = list(nodes), list(slots)
        for k, source in enumerate(program.slots):
            if isinstance(source, Statistic):
                slots[k] = nodes[source.node] + 1
            else:
                slots[k] = max((slots[s] for s in needs[k]), default=0)
        for node in program.nodes:
            depths = [*(nodes[k] for k in node.inputs), *(slots[k] for k in node.slots)]
            nodes[node.ref.index] = max(depths, default=0)
        changed = before != (nodes, slots)
    return Depths(tuple(nodes), tuple(slots))


def _needs(program: Program, slot: int) -> list[int]:
    """The slots that must be there before a slot is computed: its arguments, and what reads memory that it writes."""
    source = program.slots[slot]
    if not isinstance(source, Preparation):
        return []
    arguments = slots_of(source)
    if not arguments or not source.writes:
        return arguments
    memory = _memory(program, slot)
    return arguments + [
        k
        for k in range(slot)
        if isinstance(other := program.slots[k], Preparation)
        and any(_memory(program, s) == memory for s in slots_of(other))
    ]


def _memory(program: Program, slot: int) -> int:
    """The slot whose memory another may look at: that of the first tensor of every call on the way to it."""
    while isinstance(source := program.slots[slot], Preparation) and (arguments := slots_of(source)):
        slot = arguments[0]
    return slot
