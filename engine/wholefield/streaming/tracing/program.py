"""The traced network as data: nodes of local operations over the image, and the tensors that they use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Slot
from wholefield.streaming.operations.over_image import StatisticKind


@dataclass(frozen=True)
class Node:
    """One traced call.

    Attributes:
        ref: Its result.
        layer: Path of the module that called it.
        operation: Canonical name of the function, such as "conv2d" or "relu".
        inputs: Indices of the nodes that it reads, each once.
        slots: Indices of the tensors that it uses.
        local: What it does; None for an input: the image, a map that was computed earlier, or a slot that is spread
            over the image.
        differentiable: Whether gradients pass through it; not where the network detaches it or turns autograd off.
        call: The call as it was traced; None where it must stay as it is.
    """

    ref: Ref
    layer: str
    operation: str
    inputs: tuple[int, ...]
    slots: tuple[int, ...]
    local: Local | None
    differentiable: bool = True
    call: Call | None = None


@dataclass(frozen=True)
class Preparation:
    """A call on tensors that do not depend on the image (a normalized weight, a drawn mask): once per forward.

    It may write into its first argument, as the network does; the trace keeps the order of the calls.

    Attributes:
        function: What to call.
        args: Positional operands.
        kwargs: Named operands.
        pick: Which item of a tuple result is meant; None for the result itself.
        grad: Whether autograd was on where the network makes the call.
        writes: Whether it writes into its first argument.
    """

    function: Callable[..., Any]
    args: tuple[Operand, ...]
    kwargs: Mapping[str, Operand]
    pick: int | None
    grad: bool = True
    writes: bool = False


@dataclass(frozen=True)
class Statistic:
    """A value of the whole image: a reduction of a node over all axes of the image, and perhaps further dimensions.

    Attributes:
        node: Of what.
        kind: What is found.
        dims: Dimensions of the node's result that it reduces.
    """

    node: int
    kind: StatisticKind
    dims: tuple[int, ...]


Source: TypeAlias = str | Tensor | Preparation | Statistic
"""Where a slot's tensor comes from: the name of a parameter or buffer, a constant, a call on earlier slots, the image.
"""


@dataclass(frozen=True)
class Program:
    """A network traced for one shape of input.

    Attributes:
        nodes: Traced calls over the image; node 0 is the input.
        slots: Where each slot's tensor comes from.
        stand_ins: Tensors without data like those of the slots; they require a gradient if those might.
        outputs: The network's result with each tensor replaced by its Ref, or by its Slot where it has no axes of the
            image.
        device: The device it was traced for.
    """

    nodes: tuple[Node, ...]
    slots: tuple[Source, ...]
    stand_ins: tuple[Tensor, ...]
    outputs: Any
    device: torch.device

    @property
    def image(self) -> Ref:
        """The input."""
        return self.nodes[0].ref

    @cached_property
    def live(self) -> frozenset[int]:
        """The nodes that an output or a statistic depends on; the others need not be computed."""
        found = {leaf.index for leaf in tree_leaves(self.outputs) if isinstance(leaf, Ref)}
        found |= {slot.node for slot in self.slots if isinstance(slot, Statistic)}
        for node in reversed(self.nodes):
            if node.ref.index in found:
                found.update(node.inputs)
        return frozenset(found)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The live nodes that are read from outside: the image, and maps that were computed earlier."""
        return tuple(k for k in sorted(self.live) if self.nodes[k].local is None)

    @property
    def used(self) -> frozenset[int]:
        """The slots that live nodes use, not only other slots."""
        return frozenset(slot for k in self.live for slot in self.nodes[k].slots)

    @cached_property
    def readers(self) -> Mapping[int, tuple[int, ...]]:
        """The live nodes that read each live node; -1 stands for the caller, who reads outputs, and for a statistic."""
        found: dict[int, list[int]] = {k: [] for k in self.live}
        outside = [leaf.index for leaf in tree_leaves(self.outputs) if isinstance(leaf, Ref)]
        outside += [slot.node for slot in self.slots if isinstance(slot, Statistic)]
        for index in outside:
            found[index].append(-1)
        for index in sorted(self.live):
            for source in self.nodes[index].inputs:
                found[source].append(index)
        return {index: tuple(readers) for index, readers in found.items()}

    @property
    def random(self) -> bool:
        """Whether any node draws random numbers per position."""
        return any(local.random for k in self.live if (local := self.nodes[k].local) is not None)


def slots_of(call: Preparation) -> list[int]:
    """The slots that a call reads, in the order of its arguments."""
    leaves = tree_leaves((call.args, dict(call.kwargs)))
    return [leaf.index for leaf in leaves if isinstance(leaf, Slot)]


def named_operands(call: Call, names: Sequence[str]) -> dict[str, Operand]:
    """The operands of a call by the names of its arguments."""
    return dict(zip(names, call.args, strict=False)) | dict(call.kwargs)
