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
    """

    sweep: Sweep
    index: tuple[int, ...]
    counts: tuple[int, ...]
    box: tuple[Span, ...]


OnTile: TypeAlias = Callable[[TileVisit], None]
"""Called before every tile; an exception raised here ends the sweep and reaches the caller."""
