"""How each stage of a network is laid out over tiles, and what training keeps of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from wholefield.streaming.execution.recurrence import Recurrence, lay_out
from wholefield.streaming.planning.block_size import SmallestBlock, blocks_per_axis
from wholefield.streaming.planning.kept_activations import block_bytes, nodes_to_keep
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.stages import Stage, cut_into_stages

STEPS_PER_VALUE = 20
"""Multiply-adds in whose time a value is normalized, activated or copied: python -m tests.bench stages."""


@dataclass(frozen=True)
class StageLayout:
    """A stage over the tiles of an image.

    Attributes:
        stage: What it computes.
        recurrence: Its program laid out over the tiles.
        keeps: The nodes whose blocks training keeps between the sweeps.
    """

    stage: Stage
    recurrence: Recurrence
    keeps: frozenset[int]


def lay_out_stages(
    program: Program,
    tile_size: Sequence[int],
    smallest_block: SmallestBlock,
    keep_budget: int,
    processes: int = 1,
    image_again: bool = False,
) -> list[StageLayout]:
    """Cut a network into stages and lay each of them out over the tiles of an image.

    A stage deep in the network has small maps: its tiles cover more of the image, as many positions of its finest map
    as a tile has pixels, unless its blocks would be larger than those of any other stage.

    Args:
        program: The traced network.
        tile_size: Tile size per axis in pixels.
        smallest_block: As for Streamed.
        keep_budget: As for Streamed.
        processes: How many processes share the rows of tiles.
        image_again: Whether the image is in memory, so that stages may read it where that saves a map.
    """
    stages = cut_into_stages(program, image_again)
    largest = max(map(_bytes_per_pixel, stages))
    kept = nodes_to_keep(program, keep_budget, {node for stage in stages for node in stage.stored})
    layouts = []
    for stage in stages:
        sizes = tuple(size * _enlarged(stage, largest) for size in tile_size)
        blocks = blocks_per_axis(stage.program, sizes, smallest_block)
        if processes > 1 and smallest_block is None:
            # Where nodes wait for rows, one process would have all the work of those that follow.
            blocks = (1, *blocks[1:])
        recurrence = lay_out(stage.program, sizes, blocks)
        layouts.append(StageLayout(stage, recurrence, kept & stage.program.live))
        kept -= stage.program.live
    return layouts


def shares_of_time(stages: Sequence[Stage]) -> list[float]:
    """About what part of the time of a pass each stage takes."""
    work = [sum(_work(stage.program, k) for k in stage.program.live) for stage in stages]
    return [each / max(sum(work), 1) for each in work]


def _enlarged(stage: Stage, largest: Fraction) -> int:
    """How many times as wide as usual the tiles of a stage are."""
    program = stage.program
    lengths = program.image.lengths
    finest = max(
        Fraction(positions, pixels)
        for k in program.live
        for positions, pixels in zip(program.nodes[k].ref.lengths, lengths, strict=True)
    )
    own, factor = _bytes_per_pixel(stage), 1
    while 2 * factor * finest <= 1 and (2 * factor) ** len(lengths) * own <= largest:
        factor *= 2
    return factor


def _bytes_per_pixel(stage: Stage) -> Fraction:
    """Bytes of the largest result in a stage, for every pixel of the image."""
    program = stage.program
    return Fraction(
        max((block_bytes(program.nodes[k]) for k in program.live), default=0),
        max(block_bytes(program.nodes[0]) // program.image.dtype.itemsize, 1),
    )


def _work(program: Program, k: int) -> float:
    node = program.nodes[k]
    macs = 0 if node.local is None else node.local.macs
    return macs * node.ref.shape[0] * prod(node.ref.lengths) + STEPS_PER_VALUE * prod(node.ref.shape)
