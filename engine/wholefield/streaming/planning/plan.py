"""What streaming a network over an image will do and cost, without running it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, prod

import torch
from torch import nn

from wholefield.streaming.execution.recurrence import Recurrence, Tile, along_axis, lay_out
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.geometry.fields import Field, fields, seen_by
from wholefield.streaming.geometry.overlap import redundant_work
from wholefield.streaming.geometry.spans import Span, Spans
from wholefield.streaming.planning.block_size import SmallestBlock, blocks_per_axis
from wholefield.streaming.planning.forecast import Forecast, slot_stand_ins
from wholefield.streaming.planning.kept_activations import KEEP_BUDGET
from wholefield.streaming.planning.memory import MemoryNeed
from wholefield.streaming.planning.sizes import sizes_per_axis
from wholefield.streaming.planning.stage_table import StagePlan, as_text as stages_as_text, stage_plans
from wholefield.streaming.planning.stages import lay_out_stages
from wholefield.streaming.planning.table import as_table, in_bytes
from wholefield.streaming.planning.workers import speedup, workers_for
from wholefield.streaming.tracing.folding import fold_normalization
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Node, Program
from wholefield.streaming.tracing.trace import trace


@dataclass(frozen=True)
class LayerPlan:
    """One traced operation.

    Attributes:
        node: Its index in the plan.
        layer: Path of the module that calls it.
        operation: Name of the function.
        kernel: Taps per axis; empty without a window.
        step: Input positions per output position, per axis; empty likewise.
        dilation: Dilation per axis; empty likewise.
        fields: Receptive field with stride so far and offsets, per axis.
        size: Output size per axis.
        channels: Output channels.
        halo: Most positions that a tile hands on, per axis.
        memory: Bytes of the largest block with its halos.
        macs: Multiply-adds for the whole image.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import plan
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2))
        >>> layer = plan(net, (1, 3, 64, 64), 32).layers[2]
        >>> layer.operation, layer.size, layer.fields[0].size
        ('max_pool2d', (32, 32), 4)
    """

    node: int
    layer: str
    operation: str
    kernel: tuple[int, ...]
    step: tuple[Fraction, ...]
    dilation: tuple[int, ...]
    fields: tuple[Field, ...]
    size: tuple[int, ...]
    channels: int
    halo: tuple[int, ...]
    memory: int
    macs: int


@dataclass(frozen=True)
class Plan:
    """The plan of a streamed pass.

    Attributes:
        input_shape: (batch, channels, *axes).
        tile_size: Tile size per axis in pixels.
        counts: Number of tiles per axis.
        layers: All operations in order.
        stages: The passes over the tiles that it takes, one of a local network.
        receptive_field: Pixels that an output position sees, one number per axis; one of the last layer with
            positions where the network pools its output itself.
        stride: Pixels from one output position to the next, per axis.
        offset: First and last pixel that output position 0 sees, per axis.
        memory: Predicted peaks in bytes.
        workers: How many tiles are computed at the same time.
        speedup: How many times faster they are than one of them on one thread, by the grid of tiles alone.
        macs: Multiply-adds of one forward.
        overlapping_work: How often a scheme of overlapping tiles of this size would at least compute each pixel;
            infinite where it cannot run.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import plan
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2))
        >>> found = plan(net, (1, 3, 100, 64), 32)
        >>> found.counts, found.receptive_field
        ((4, 2), (4, 4))
        >>> found.seen_from(2, (0, 5))
        ((0, 3), (9, 13))
    """

    input_shape: tuple[int, ...]
    tile_size: tuple[int, ...]
    counts: tuple[int, ...]
    layers: tuple[LayerPlan, ...]
    stages: tuple[StagePlan, ...]
    receptive_field: tuple[int, ...]
    stride: tuple[Fraction, ...]
    offset: tuple[tuple[Fraction, Fraction], ...]
    memory: MemoryNeed
    workers: int
    speedup: float
    macs: int
    overlapping_work: float
    _recurrence: Recurrence

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return prod(self.counts)

    def seen_from(self, node: int, position: Sequence[int]) -> Spans:
        """The box of pixels that a position of a layer sees, cut to the image.

        Args:
            node: Index of the layer's node.
            position: Position in the layer's output, per axis.
        """
        program = self._recurrence.program
        return tuple(
            _clip(
                seen_by(along_axis(program, axis), node, p, p + 1).get(0, (0, 0)), program.image.lengths[axis]
            )
            for axis, p in enumerate(position)
        )

    def position_at(self, node: int, pixel: Sequence[int]) -> tuple[int, ...]:
        """The position of a layer whose receptive field is centered nearest to a pixel."""
        layer = self.layers[node]
        return tuple(
            min(max(floor((p - (field.low + field.high) / 2) / field.stride + Fraction(1, 2)), 0), size - 1)
            for p, field, size in zip(pixel, layer.fields, layer.size, strict=True)
        )

    def tiles_of(self, box: Spans) -> list[Tile]:
        """The tiles that a box of pixels touches, in raster order."""
        touched = [
            range(start // tile, ceil(stop / tile))
            for (start, stop), tile in zip(box, self.tile_size, strict=True)
        ]
        return [
            tile
            for tile in self._recurrence.tiles()
            if all(t in r for t, r in zip(tile, touched, strict=True))
        ]

    def __str__(self) -> str:
        """The plan as a table."""
        tables = [as_table(_HEADINGS, [_row(layer) for layer in self.layers])]
        if len(self.stages) > 1:
            tables.append(stages_as_text(self.stages))
        return "\n\n".join((*tables, self.summary()))

    def summary(self) -> str:
        """The totals in a few lines."""
        low_high = ", ".join(f"[{low}, +{high}]" for low, high in self.offset)
        overlap = self.overlapping_work
        return "\n".join(
            (
                f"input            {_by(self.input_shape)}",
                f"tiles            {_by(self.counts)} = {self.tiles} of {_by(self.tile_size)} px",
                f"workers          {self.workers} at a time, {self.speedup:.2f} times as fast as one of them",
                f"receptive field  {_by(self.receptive_field)} px, stride {_by(self.stride)}, offsets {low_high}",
                f"multiply-adds    {self.macs / 1e9:.2f} G per forward pass; nothing is computed twice",
                f"peak memory      {in_bytes(self.memory.forward)} inference, "
                f"{in_bytes(self.memory.backward)} training (of it "
                f"{in_bytes(self.memory.halos)} halos, {in_bytes(self.memory.blocks)} kept blocks), "
                "on top of network and input",
                "overlapping tiles of this size "
                + (
                    f"would compute each pixel at least {overlap:.2f} times"
                    if overlap < 1e6
                    else "could not run"
                ),
            )
        )


_HEADINGS = (
    "layer",
    "operation",
    "kernel",
    "stride",
    "dilation",
    "field",
    "stride so far",
    "halo",
    "output",
    "memory",
)


def _row(layer: LayerPlan) -> tuple[str, ...]:
    return (
        layer.layer,
        layer.operation,
        _by(layer.kernel),
        _by(layer.step),
        _by(layer.dilation),
        _by([f.size for f in layer.fields]),
        _by([f.stride for f in layer.fields]),
        _by(layer.halo),
        f"{layer.channels} x {_by(layer.size)}",
        in_bytes(layer.memory),
    )


def plan(
    network: nn.Module,
    input_shape: Sequence[int],
    tile_size: int | Sequence[int],
    *,
    dtype: torch.dtype = torch.float32,
    smallest_block: SmallestBlock = None,
    keep_budget: int = KEEP_BUDGET,
    workers: int | None = None,
    map_budget: int | None = None,
) -> Plan:
    """Plan a streamed pass.

    Args:
        network: The network that will be streamed.
        input_shape: (batch, channels, *axes) of the whole image.
        tile_size: Tile size in pixels, one number or one per axis.
        dtype: Element type of the image.
        smallest_block: As for Streamed.
        keep_budget: As for Streamed.
        workers: As for Streamed.
        map_budget: Bytes of maps between stages in memory, as `budget` of Spill; None for all.

    Returns:
        Layers, receptive field, number of tiles, work and predicted memory; as text a table of the layers.

    Raises:
        NotLocalError: The network has a layer that cannot be streamed.
        StreamingError: The tile size or the image cannot work.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import plan
        >>> found = plan(nn.Conv2d(3, 8, 5, stride=2, padding=2), (1, 3, 300, 200), 128)
        >>> found.tiles, found.receptive_field, found.stride[0]
        (6, (5, 5), Fraction(2, 1))
    """
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    program = trace(network, tuple(input_shape), dtype, device)
    return _plan(
        program,
        network,
        Precision.now(device),
        sizes_per_axis(tile_size, len(program.image.axes)),
        smallest_block,
        keep_budget,
        workers,
        map_budget,
    )


def _plan(
    program: Program,
    network: nn.Module,
    precision: Precision,
    sizes: tuple[int, ...],
    smallest_block: SmallestBlock,
    keep_budget: int,
    wanted: int | None,
    map_budget: int | None,
) -> Plan:
    # Layers are shown as the network has them, memory is that of what runs.
    folded = fold_normalization(program, precision)
    blocks = blocks_per_axis(folded, sizes, smallest_block)
    recurrence = lay_out(program, sizes, blocks)
    nodes = [along_axis(program, axis) for axis in range(len(sizes))]
    found = list(zip(*(fields(along) for along in nodes), strict=True))
    layers = tuple(_layer(recurrence, node, found[node.ref.index]) for node in program.nodes)
    # A network that pools its output itself has no output with positions: its last layer stands for it.
    outputs = [ref.index for ref in output_nodes(program)] or [program.nodes[-1].ref.index]
    last = layers[outputs[-1]]
    layouts = lay_out_stages(folded, sizes, smallest_block, keep_budget)
    forecast = Forecast(layouts, slot_stand_ins(folded, network), wanted, map_budget)
    first = layouts[0].recurrence
    workers = workers_for(first, wanted)
    return Plan(
        input_shape=program.image.shape,
        tile_size=sizes,
        counts=recurrence.counts,
        layers=layers,
        stages=stage_plans(forecast, folded),
        receptive_field=tuple(
            max(layers[k].fields[axis].size for k in outputs) for axis in range(len(sizes))
        ),
        stride=tuple(field.stride for field in last.fields),
        offset=tuple((field.low, field.high) for field in last.fields),
        memory=forecast.need(),
        workers=workers,
        speedup=speedup(first, workers),
        macs=sum(layer.macs for layer in layers),
        overlapping_work=redundant_work(nodes, sizes, outputs, recurrence.counts),
        _recurrence=recurrence,
    )


def _layer(recurrence: Recurrence, node: Node, found: tuple[Field, ...]) -> LayerPlan:
    ref, local = node.ref, node.local
    along = [axis.nodes[ref.index] for axis in recurrence.axes]
    halo = tuple(
        max((stop - start for t in range(axis.tiles - 1) for start, stop in [moments.halo_out(t)]), default=0)
        for moments, axis in zip(along, recurrence.axes, strict=True)
    )
    held = prod(
        max(stop - start for t in range(axis.tiles) for start, stop in [moments.held(t)])
        for moments, axis in zip(along, recurrence.axes, strict=True)
    )
    channels = prod(ref.shape[1:]) // prod(ref.lengths)
    return LayerPlan(
        node=ref.index,
        layer=node.layer or ("image" if local is None else ""),
        operation=node.operation,
        kernel=local.kernel if local else (),
        step=tuple(axis_map.stride for axis_map in local.maps) if local and local.kernel else (),
        dilation=local.dilation if local else (),
        fields=found,
        size=ref.lengths,
        channels=channels,
        halo=halo,
        memory=held * channels * ref.shape[0] * ref.dtype.itemsize,
        macs=ref.shape[0] * prod(ref.lengths) * (local.macs if local else 0),
    )


def _clip(span: Span, length: int) -> Span:
    return max(span[0], 0), min(span[1], length)


def _by(numbers: Sequence[object]) -> str:
    """Numbers per axis; one number where they are all the same."""
    texts = [str(number) for number in numbers]
    return texts[0] if len(texts) > 1 and len(set(texts)) == 1 and len(texts) < 4 else " x ".join(texts)
