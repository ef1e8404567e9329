"""A traced call of a torch function, its operands, and the local operation that a rule makes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from wholefield.streaming.geometry.axis import AxisMap
from wholefield.streaming.geometry.spans import Span, Spans


@dataclass(frozen=True, eq=False)
class Ref:
    """A tensor over the image: the result of a node.

    Attributes:
        index: Which node.
        shape: The shape in which it is stored, for the whole image.
        axes: Which of its dimensions run over the image, in the image's order of axes.
        dtype: Its element type.
        groups: How many stored dimensions make up each one that the network sees, where it flattened the image (to
            tokens, or windows into the batch); empty where all are seen as they are stored.
    """

    index: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    dtype: torch.dtype
    groups: tuple[int, ...] = ()

    @property
    def seen(self) -> tuple[int, ...]:
        """The shape that the network sees."""
        sizes = iter(self.shape)
        return tuple(prod(islice(sizes, count)) for count in self.groups) if self.groups else self.shape

    @property
    def lengths(self) -> tuple[int, ...]:
        """Positions along each axis of the image."""
        return tuple(self.shape[a] for a in self.axes)

    @property
    def box(self) -> Spans:
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
"""An argument as traced: a Ref, a Slot, or a plain Python value."""

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
        random: Whether it draws random numbers per position, to be drawn again by the reverse sweep.
        overwrite: Computes one block in the memory of its first input, where the model asks for that.
        recall: Puts a block whose values are known into the graph, as if it had been computed; None where computing it
            again costs no more.
        shape: Shape in which the result is stored, where the network sees another; empty where it is the same.
        groups: How many stored dimensions make up each one that the network sees, as in Ref.
        cuts: Whether it takes parts of tensors that do not depend on the image.
        scratch: Bytes of working memory for a block with that many positions per axis, beyond what torch allocates, in
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
    shape: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    cuts: bool = False
    scratch: Callable[[Sequence[int], bool], int] | None = None


@dataclass(frozen=True)
class Call:
    """A traced call of a torch function.

    Attributes:
        name: Canonical name of the function.
        function: What to call, in its out-of-place form.
        args: Positional operands.
        kwargs: Named operands.
        pick: Which item of a tuple result is meant; None for the result itself.
        shape: Shape of the result for the whole image, as the network sees it.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Operand, ...]
    kwargs: Mapping[str, Operand]
    pick: int | None
    shape: tuple[int, ...]

    @property
    def refs(self) -> list[Ref]:
        """The tensors over the image among the operands."""
        return [leaf for leaf in tree_leaves((self.args, dict(self.kwargs))) if isinstance(leaf, Ref)]

    @cached_property
    def _nested(self) -> bool:
        """Whether tensors stand inside lists, as in torch.cat."""
        values = (*self.args, *self.kwargs.values())
        return sum(isinstance(value, Ref | Slot) for value in values) < len(
            [leaf for leaf in tree_leaves(list(values)) if isinstance(leaf, Ref | Slot)]
        )

    def evaluate(self, take: Take) -> Any:
        """Call the function on the blocks at hand."""
        if self._nested:
            args, kwargs = tree_map(take, (self.args, dict(self.kwargs)))
            result = self.function(*args, **kwargs)
        else:
            result = self.function(
                *map(take, self.args), **{name: take(value) for name, value in self.kwargs.items()}
            )
        return result if self.pick is None else result[self.pick]
