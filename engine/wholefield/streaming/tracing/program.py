"""The traced network as data: nodes of local operations over the image, and the tensors that they use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Slot


@dataclass(frozen=True)
class Node:
    """One traced call.

    Attributes:
        ref: Its result.
        layer: Path of the module that called it.
        operation: Canonical name of the function, such as "conv2d" or "relu".
        inputs: Indices of the nodes that it reads, each once.
        slots: Indices of the tensors that it uses.
        local: What it does; None for the network's input.
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
    """

    function: Callable[..., Any]
    args: tuple[Operand, ...]
    kwargs: Mapping[str, Operand]
    pick: int | None
    grad: bool = True


@dataclass(frozen=True)
class Program:
    """A network traced for one shape of input.

    Attributes:
        nodes: Traced calls over the image; node 0 is the input.
        slots: Where each slot's tensor comes from: the name of a parameter or buffer, a constant, or a call on
            earlier slots.
        outputs: The network's result with each tensor replaced by its Ref.
        device: The device it was traced for.
    """

    nodes: tuple[Node, ...]
    slots: tuple[str | Tensor | Preparation, ...]
    outputs: Any
    device: torch.device

    @property
    def image(self) -> Ref:
        """The input."""
        return self.nodes[0].ref

    @cached_property
    def live(self) -> frozenset[int]:
        """The nodes that an output depends on, and the image; the others need not be computed."""
        found = {leaf.index for leaf in tree_leaves(self.outputs) if isinstance(leaf, Ref)} | {0}
        for node in reversed(self.nodes):
            if node.ref.index in found:
                found.update(node.inputs)
        return frozenset(found)

    @property
    def used(self) -> frozenset[int]:
        """The slots that live nodes use, not only other slots."""
        return frozenset(slot for k in self.live for slot in self.nodes[k].slots)

    @property
    def random(self) -> bool:
        """Whether any node draws random numbers per position."""
        return any(node.local is not None and node.local.random for node in self.nodes)


def slot_tensors(program: Program, network: nn.Module) -> list[Tensor]:
    """The tensors of all slots: the network's own, constants, and what it computes from them, under autograd."""
    named = dict(network.named_parameters(remove_duplicate=False)) | dict(
        network.named_buffers(remove_duplicate=False)
    )
    tensors: list[Tensor] = []
    for source in program.slots:
        if isinstance(source, Preparation):
            args, kwargs = tree_map(
                lambda leaf: tensors[leaf.index] if isinstance(leaf, Slot) else leaf,
                (source.args, dict(source.kwargs)),
            )
            with torch.set_grad_enabled(source.grad and torch.is_grad_enabled()):
                result = source.function(*args, **kwargs)
            tensors.append(result if source.pick is None else result[source.pick])
        else:
            tensors.append(named[source] if isinstance(source, str) else source)
    # What only led to other slots need not live until the reverse sweep, and the network may write over it before.
    used = program.used
    return [tensor if k in used else torch.empty(0) for k, tensor in enumerate(tensors)]
