"""What each stage of a network takes, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from wholefield.streaming.planning.forecast import Forecast
from wholefield.streaming.planning.kept_activations import block_bytes
from wholefield.streaming.planning.stages import shares_of_time
from wholefield.streaming.planning.table import as_table, in_bytes
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.stages import Stage

HEADINGS = ("stage", "up to", "tiles", "stores", "inference", "on disk", "training", "on disk", "time")


@dataclass(frozen=True)
class StagePlan:
    """One stage: a pass over all tiles, from the statistics before it to its own.

    Attributes:
        counts: Number of tiles per axis.
        ends_at: Path of the layer whose statistics it finds, or the operation in a program without layers; empty
            behind the last of them.
        statistics: How many values of the whole image it finds.
        maps: Bytes of the maps that it stores.
        forward: Peak memory in bytes while it is computed in inference.
        backward: Peak memory in bytes while it is back-propagated.
        forward_disk: Bytes of maps in files while it is computed in inference.
        backward_disk: Bytes of maps in files while it is back-propagated.
        share: Its estimated share of the time of a pass.

    Example:
        >>> from torch import nn
        >>> from wholefield.streaming import plan
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8), nn.Conv2d(8, 2, 3))
        >>> [(stage.ends_at, stage.statistics) for stage in plan(net, (1, 3, 64, 64), 32).stages]
        [('1', 1), ('', 0)]
    """

    counts: tuple[int, ...]
    ends_at: str
    statistics: int
    maps: int
    forward: int
    backward: int
    forward_disk: int
    backward_disk: int
    share: float


def stage_plans(forecast: Forecast, program: Program) -> tuple[StagePlan, ...]:
    """The stages of a pass.

    Args:
        forecast: What they take.
        program: The traced network.
    """
    stages = [stage.layout.stage for stage in forecast.stages]
    shares = shares_of_time(stages)
    found = []
    for number, (stage, share) in enumerate(zip(stages, shares, strict=True)):
        nodes = stage.program.nodes
        found.append(
            StagePlan(
                counts=forecast.stages[number].layout.recurrence.counts,
                ends_at=_layer(program, stage),
                statistics=len(stage.statistics),
                maps=sum(block_bytes(nodes[node]) for node in stage.stored),
                forward=forecast.peak_of(number, False),
                backward=forecast.peak_of(number, True),
                forward_disk=forecast.maps(number, False).disk,
                backward_disk=forecast.maps(number, True).disk,
                share=share,
            )
        )
    return tuple(found)


def as_text(stages: Sequence[StagePlan]) -> str:
    """The stages as a table."""
    return as_table(HEADINGS, [cells(number, stage) for number, stage in enumerate(stages, 1)])


def cells(number: int, stage: StagePlan, times: str = "x", *, width_first: bool = False) -> tuple[str, ...]:
    """One text for each of HEADINGS.

    Args:
        number: The stage's number, from 1.
        stage: The stage.
        times: What stands between the numbers of tiles.
        width_first: Whether these begin with the last axis.
    """
    counts = reversed(stage.counts) if width_first else stage.counts
    return (
        str(number),
        stage.ends_at or "output",
        f" {times} ".join(map(str, counts)),
        in_bytes(stage.maps),
        in_bytes(stage.forward),
        in_bytes(stage.forward_disk),
        in_bytes(stage.backward),
        in_bytes(stage.backward_disk),
        f"{100 * stage.share:.0f} %",
    )


def _layer(program: Program, stage: Stage) -> str:
    """The layer that takes the last of a stage's statistics; the operation in a program without layers."""
    wanted = {statistic.node for statistic in stage.statistics.values()}
    layers = [
        program.nodes[k].layer or program.nodes[k].operation
        for node in sorted(wanted)
        for k in program.readers.get(node, ())
        if k >= 0
    ]
    return layers[-1] if layers else ""
