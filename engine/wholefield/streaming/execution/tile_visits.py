"""What a sweep reports before it computes a tile."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from wholefield.streaming.geometry.spans import Span


class Sweep(Enum):
    """The direction in which the tiles are visited."""

    FORWARD = "forward"
    REVERSE = "reverse"


@dataclass(frozen=True)
class TileVisit:
    """A tile is about to be computed.

    Attributes:
        sweep: The direction.
        index: Which tile, per axis.
        counts: Number of tiles per axis.
        box: The tile's (start, stop) per axis, in pixels of the network's input.
        stage: Which pass over the tiles this is, counted from 0.
        stages: Number of these passes in each sweep: one, or several for statistics of the whole image.
        tiles: Tiles of the sweep, of all its stages.
        done: About what share of the sweep's time is over, from 0 to 1.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import Streamed, TileVisit
        >>> visits: list[TileVisit] = []
        >>> streamed = Streamed(nn.Conv2d(1, 1, 3), 16, on_tile=visits.append)
        >>> with torch.no_grad():
        ...     result = streamed(torch.rand(1, 1, 30, 20))
        >>> len(visits), visits[-1].index, visits[-1].box
        (4, (1, 1), ((16, 30), (16, 20)))
    """

    sweep: Sweep
    index: tuple[int, ...]
    counts: tuple[int, ...]
    box: tuple[Span, ...]
    stage: int = 0
    stages: int = 1
    tiles: int = 0
    done: float = 0.0


OnTile: TypeAlias = Callable[[TileVisit], None]
"""Called before every tile; an exception raised here ends the sweep and reaches the caller."""


class StageVisits:
    """Tells the visits of one stage with their place among those of all."""

    def __init__(self, on_tile: OnTile, stage: int, shares: Sequence[float], tiles: Sequence[int]) -> None:
        """Pass visits on.

        Args:
            on_tile: Called with them.
            stage: Which stage.
            shares: What part of the time each stage takes.
            tiles: Tiles of each stage.
        """
        self._on_tile = on_tile
        self._stage = stage
        self._share, self._own = shares[stage], tiles[stage]
        self._tiles, self._stages = sum(tiles), len(tiles)
        self._before = {Sweep.FORWARD: sum(shares[:stage]), Sweep.REVERSE: sum(shares[stage + 1 :])}
        self._begun: Counter[Sweep] = Counter()

    def __call__(self, visit: TileVisit) -> None:
        """A tile is about to be computed."""
        begun = self._begun[visit.sweep] / self._own
        self._begun[visit.sweep] += 1
        done = min(self._before[visit.sweep] + self._share * begun, 1.0)
        self._on_tile(replace(visit, stage=self._stage, stages=self._stages, tiles=self._tiles, done=done))
