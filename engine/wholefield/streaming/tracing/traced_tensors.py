"""What every tensor of a forward stands for while it is traced, and which of them look at the same memory."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction

from wholefield.streaming.errors import NotLocalError, StreamingError
from wholefield.streaming.operations.call import Operand, Ref, Slot
from wholefield.streaming.operations.registry import Refusal
from wholefield.streaming.tracing.program import Node, Preparation, Source, Statistic, slots_of

Refuse = Callable[[str, str, Operand], NotLocalError]
"""Makes the error for (function, reason, the operand that is at fault or None)."""


class TracedTensors:
    """The nodes and slots found so far.

    Tensors are told apart by their ids, so every tensor that was given one is kept alive.

    Attributes:
        nodes: Calls over the image.
        slots: Where each tensor comes from that does not run over the image.
        stand_ins: Their tensors without data.
    """

    def __init__(self, network: nn.Module, refuse: Refuse) -> None:
        self.nodes: list[Node] = []
        self.slots: list[Source] = []
        self.stand_ins: list[Tensor] = []
        self._refuse = refuse
        self._named = {
            id(t): (name, t) for name, t in (*network.named_parameters(), *network.named_buffers())
        }
        # id -> the tensor that the forward holds, its stand-in without data, what it stands for
        self._known: dict[int, tuple[Tensor, Tensor, Ref | Slot]] = {}
        # Per node its stand-in and what tells the memory apart that it looks at.
        self._stand_ins: list[tuple[Tensor, int]] = []
        self._stale: set[int] = set()
        self._written: set[int] = set()

    def add_node(self, node: Node, answer: Tensor, stand_in: Tensor) -> None:
        """Enter a call over the image; the forward goes on with `answer`, torch is asked about `stand_in`."""
        self.nodes.append(node)
        self._stand_ins.append((stand_in, int(stand_in.untyped_storage()._cdata)))
        self._known[id(answer)] = answer, stand_in, node.ref

    def spread(self, slot: Slot, layer: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> Ref:
        """Enter a tensor that does not come tile by tile as if it were computed over the image.

        Args:
            slot: The tensor.
            layer: Who uses it.
            shape: Its shape over the image, to which it broadcasts.
            axes: Dimensions that run over the image.
        """
        stand_in = self.stand_ins[slot.index]
        ref = Ref(len(self.nodes), shape, axes, stand_in.dtype)
        self.nodes.append(
            Node(ref, layer, "spread", (), (slot.index,), None, differentiable=stand_in.requires_grad)
        )
        self._stand_ins.append((stand_in, int(stand_in.untyped_storage()._cdata)))
        return ref

    def add_slot(
        self,
        like: Tensor,
        source: Source,
        learns: bool,
        target: Tensor | None = None,
    ) -> Tensor:
        """Enter a tensor that does not depend on the image, and return what the forward goes on with.

        Args:
            like: A tensor of its shape.
            source: Where it comes from.
            learns: Whether it may require a gradient.
            target: The tensor that the forward holds already, where that is changed in place; None for a new one.
        """
        stand_in = like.detach() if like.is_meta else torch.empty_like(like, device="meta").detach()
        stand_in.requires_grad_(learns and like.is_floating_point())
        answer = stand_in if target is None else target
        self._known[id(answer)] = answer, stand_in, Slot(len(self.slots), tuple(like.shape))
        if isinstance(source, Preparation) and source.writes:
            self._written.add(len(self.slots))
        self.slots.append(source)
        self.stand_ins.append(stand_in)
        return answer

    def add_effect(self, call: Preparation) -> None:
        """Enter a call whose only result is what it writes."""
        self.slots.append(call)
        self.stand_ins.append(torch.empty(0, device="meta"))

    def changed(self, value: Tensor) -> bool:
        """Whether the forward has written into a buffer of the network: its value is not known before that is done."""
        known = self._known.get(id(value))
        return known is not None and isinstance(known[2], Slot) and known[2].index in self._written

    def of_image(self, slot: Slot) -> bool:
        """Whether a tensor is computed from values of the whole image."""
        waiting = [slot.index]
        while waiting:
            source = self.slots[waiting.pop()]
            if isinstance(source, Statistic):
                return True
            waiting += slots_of(source) if isinstance(source, Preparation) else []
        return False

    def axes(self, value: Any) -> tuple[int, ...] | None:
        """Which dimensions of a tensor of the forward run over the image; None if it is not over the image."""
        operand = self.operand(value)
        if not isinstance(operand, Ref):
            return None
        inside = [set(dims) & set(operand.axes) for dims in _stored_dims(operand)]
        return tuple(k for k, axes in enumerate(inside) if axes)

    def stored(self, ref: Ref, dims: Sequence[int]) -> tuple[int, ...]:
        """The dimensions that are stored of those that the network sees."""
        parts = _stored_dims(ref)
        if any(len(part) > 1 for k, part in enumerate(parts) if k not in dims):
            raise Refusal("what remains was flattened. Reduce before the dimensions are joined.")
        return tuple(stored for k in dims for stored in parts[k])

    def operand(self, value: Any) -> Operand:
        """What a value of the forward stands for in the program; a tensor met for the first time is a constant."""
        if not isinstance(value, Tensor):
            return value
        known = self._known.get(id(value))
        operand = known[2] if known is not None else None
        if value.is_meta:
            self._check_function(value.grad_fn, operand)
        if operand is None:
            return self._meet(value)
        if isinstance(operand, Ref) and operand.index in self._stale:
            raise self._refuse(
                "an in-place operation",
                "it writes into memory that another tensor, used later, looks at. Use the out-of-place form.",
                operand,
            )
        return operand

    def _meet(self, value: Tensor) -> Ref | Slot:
        """A parameter, a buffer or a constant of the forward is used for the first time."""
        if value.is_meta:
            raise StreamingError(
                "The network uses a tensor without data (device 'meta'); load or make its values."
            )
        name = self._named[id(value)][0] if id(value) in self._named else None
        learns = isinstance(value, nn.Parameter) or value.requires_grad
        self.add_slot(value, name or value, learns, target=value)
        return self._known[id(value)][2]

    def _check_function(self, made_by: object, operand: Ref | Slot | None) -> None:
        if not isinstance(made_by, BackwardCFunction):
            return
        name = type(made_by).__name__.removesuffix("Backward")
        raise self._refuse(
            name,
            "re-entrant checkpointing hides the backward of its part. Call checkpoint with use_reentrant=False."
            if name == "CheckpointFunction"
            else "it is an autograd function with a backward of its own, which the trace cannot see. If it treats "
            "every position by itself, declare it: wholefield.streaming.operations.local_function(Function). Else "
            "write it with torch functions alone.",
            operand,
        )

    def stand_in(self, value: Any) -> Any:
        """The tensor without data for a tensor of the forward; other values as they are, generators left out."""
        if isinstance(value, Tensor):
            return self._known[id(value)][1]
        return None if isinstance(value, torch.Generator) else value

    def write_over(self, name: str, target: Tensor) -> None:
        """Note that an in-place call makes every other tensor that looks at the same memory out of date."""
        operand = self._known[id(target)][2]
        if isinstance(operand, Slot):
            raise self._refuse(
                name,
                "it writes the image into a tensor that does not depend on it. Join tensors with torch.cat instead.",
                None,
            )
        memory = self._stand_ins[operand.index][1]
        sharing = {k for k, (_, other) in enumerate(self._stand_ins) if other == memory}
        self._stale |= sharing - {operand.index}


def _stored_dims(ref: Ref) -> list[range]:
    """The stored dimensions that make up each one that the network sees."""
    starts = [0, *accumulate(ref.groups or (1,) * len(ref.shape))]
    return [range(start, stop) for start, stop in pairwise(starts)]
