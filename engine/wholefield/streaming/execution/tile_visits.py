"""What a sweep reports before it computes a tile."""

from collections.abc import Callable
from dataclasses import dataclass
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


OnTile: TypeAlias = Callable[[TileVisit], None]
"""Called before every tile; an exception raised here ends the sweep and reaches the caller."""
