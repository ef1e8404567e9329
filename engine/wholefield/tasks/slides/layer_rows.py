"""The layers of a planned network as rows of a table; torch-free until a row is written.

Numbers per axis stand in the order (y, x); texts name the width first, as everywhere on the screen.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from wholefield.streaming.planning.plan import LayerPlan, Plan

HEADINGS = (
    "layer", "operation", "kernel", "stride", "dilation", "field", "stride so far", "halo", "channels", "output",
    "memory",
)  # fmt: skip


class LayerChoice(StrEnum):
    """Which layers a table lists."""

    ALL = "all"
    WINDOWS = "windows"
    STAGES = "stages"


@dataclass(frozen=True)
class LayerRow:
    """One operation of the network.

    Attributes:
        node: its index in the plan.
        layer: path of the module that calls it, as in `named_modules`.
        operation: name of the function.
        kernel: taps per axis; empty without a window.
        stride: input positions per output position, per axis; empty without a window.
        dilation: positions from one tap to the next, per axis; empty without a window.
        field: pixels that an output position sees, per axis.
        total_stride: pixels from one output position to the next, per axis.
        halo: most positions that a tile hands on to the next, per axis.
        channels: output channels.
        size: output positions per axis.
        memory: bytes of the largest block with its halos.
        in_block: whether further layers lie in it, so that its path alone does not say what it does.
        ends_stage: whether it is the last of a block of the network or, outside blocks, of its resolution.
    """

    node: int
    layer: str
    operation: str
    kernel: tuple[int, ...]
    stride: tuple[Fraction, ...]
    dilation: tuple[int, ...]
    field: tuple[int, ...]
    total_stride: tuple[Fraction, ...]
    halo: tuple[int, ...]
    channels: int
    size: tuple[int, ...]
    memory: int
    in_block: bool
    ends_stage: bool

    @property
    def name(self) -> str:
        """The layer, with the operation where a block or the network itself calls it."""
        return f"{self.layer} {self.operation}".strip() if self.in_block else self.layer

    def cells(self, times: str = "x") -> tuple[str, ...]:
        """One text for each of HEADINGS."""
        from wholefield.streaming.planning.table import in_bytes

        return (
            self.layer,
            self.operation,
            *(per_axis(numbers, times) for numbers in (self.kernel, self.stride, self.dilation)),
            *(per_axis(numbers, times) for numbers in (self.field, self.total_stride, self.halo)),
            str(self.channels),
            f" {times} ".join(str(length) for length in reversed(self.size)),
            in_bytes(self.memory),
        )


def rows_of(plan: "Plan", part: "nn.Module", names: Mapping[str, str]) -> tuple[LayerRow, ...]:
    """The rows of a plan.

    Args:
        plan: the plan.
        part: the network that was planned.
        names: what to call the layers of `part`, by their path in it.
    """
    ends = _stage_ends(plan.layers, part)
    blocks = {path for path, module in part.named_modules() if any(True for _ in module.children())}
    return tuple(_row(plan, layer, names, blocks, ends) for layer in plan.layers)


def per_axis(numbers: Sequence[object], times: str = "x") -> str:
    """Numbers per axis (y, x) as a text, the width first; one number where both are the same."""
    texts = [str(number) for number in reversed(numbers)]
    return texts[0] if len(texts) > 1 and len(set(texts)) == 1 else f" {times} ".join(texts)


def _row(
    plan: "Plan", layer: "LayerPlan", names: Mapping[str, str], blocks: Set[str], ends: Set[int]
) -> LayerRow:
    return LayerRow(
        node=layer.node,
        layer=names.get(layer.layer, layer.layer),
        operation=layer.operation,
        kernel=layer.kernel,
        stride=layer.step,
        dilation=layer.dilation,
        field=tuple(axis.size for axis in layer.fields),
        total_stride=tuple(axis.stride for axis in layer.fields),
        halo=layer.halo,
        channels=layer.channels,
        size=layer.size,
        memory=layer.memory,
        in_block=layer.layer in blocks,
        ends_stage=layer.node in ends,
    )


def _stage_ends(layers: Sequence["LayerPlan"], part: "nn.Module") -> frozenset[int]:
    """The last operation of each block of the network; of each resolution among layers that stand alone."""
    blocks = {name for name, child in part.named_children() if any(True for _ in child.children())}

    def stage(layer: "LayerPlan") -> object:
        first = layer.layer.partition(".")[0]
        return first if first in blocks else tuple(axis.stride for axis in layer.fields)

    groups = [[layer.node for layer in group] for _, group in groupby(layers[1:], key=stage)]
    return frozenset(group[-1] for group in groups)
