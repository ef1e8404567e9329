"""The traced network as data: nodes of local operations over the image, and the tensors that they use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.streaming.geometry.axis import AxisMap, Span

if TYPE_CHECKING:
    from wholefield.streaming.operations import Call


@dataclass(frozen=True, eq=False)
class Ref:
    """A tensor over the image: the result of a node.

    Attributes:
        index: Which node.
        shape: Its shape for the whole image.
        axes: Which of its dimensions run over the image, in the image's order of axes.
        dtype: Its element type.
    """

    index: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    dtype: torch.dtype

    @property
    def lengths(self) -> tuple[int, ...]:
        """Positions along each axis of the image."""
        return tuple(self.shape[a] for a in self.axes)

    @property
    def box(self) -> tuple[Span, ...]:
        """The whole image, as a range per axis."""
        return tuple((0, length) for length in self.lengths)


@dataclass(frozen=True, eq=False)
class Slot:
    """A tensor that does not depend on the image: a parameter, a buffer, a constant or something computed from them.

    Attributes:
        index: Which of the program's tensors.
        shape: Its shape.
    """

    index: int
    shape: tuple[int, ...]


Operand: TypeAlias = Any
"""An argument as recorded: a Ref, a Slot, or a plain Python value."""

Take: TypeAlias = Callable[[Operand], Any]
"""Turns a Ref into the block at hand, a Slot into its tensor and leaves everything else as it is."""

Compute: TypeAlias = Callable[[Take, Sequence[Span]], Tensor]
"""Computes the block of a node for an output range per axis; each Ref yields just the range that it needs."""


@dataclass(frozen=True)
class Local:
    """A local operation: how it reads its inputs along each axis and how one block is computed.

    Attributes:
        maps: One map per axis of the image, the same for each of its inputs.
        axes: Which dimensions of the result run over the image.
        compute: Computes one block.
        kernel: Taps per axis (for the table of layers); empty for operations without a window.
        dilation: Dilation per axis; empty as above.
        macs: Multiply-adds per position of the output (all channels of one image).
        zeros_around: Whether a block is given with the zeros that stand around the image where the window covers them;
            otherwise it ends at the image's border.
        random: Whether it draws random numbers per position, to be replayed by the reverse sweep.
        overwrite: Computes one block in the memory of its first input, where the model asks for that.
        recall: Puts a block whose values are known into the graph, as if it had been computed; None where computing it
            again costs no more.
        scratch: Bytes of working memory for a block with so many positions per axis, beyond what torch allocates, in
            inference or in training; None where there is none.
    """

    maps: tuple[AxisMap, ...]
    axes: tuple[int, ...]
    compute: Compute
    kernel: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    macs: int = 0
    zeros_around: bool = False
    random: bool = False
    overwrite: Compute | None = None
    recall: Callable[[Take, Tensor], Tensor] | None = None
    scratch: Callable[[Sequence[int], bool], int] | None = None


@dataclass(frozen=True)
class Node:
    """One recorded call.

    Attributes:
        ref: Its result.
        layer: Path of the module that called it.
        operation: Canonical name of the function, such as "conv2d" or "relu".
        inputs: Indices of the nodes that it reads, each once.
        slots: Indices of the tensors that it uses.
        local: What it does; None for the network's input.
        differentiable: Whether gradients pass through it; not where the network detaches it or turns autograd off.
        call: The call as it was recorded; None where it must stay as it is.
    """

    ref: Ref
    layer: str
    operation: str
    inputs: tuple[int, ...]
    slots: tuple[int, ...]
    local: Local | None
    differentiable: bool = True
    call: "Call | None" = None


@dataclass(frozen=True)
class Preparation:
    """A call on tensors that do not depend on the image (a normalised weight, a drawn mask): once per forward.

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
        nodes: Recorded calls over the image; node 0 is the input.
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
