"""The plan of a network for one tile size as something to keep: what is in a tile cache, and whom it belongs to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from wholefield.files import replacing
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.recurrence import along_axis
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.geometry.fields import fields
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace

# The geometry away from the borders is the same for every image that is large enough; a trace holds no pixels.
SIDE = 4096


@dataclass(frozen=True)
class TilePlan:
    """The geometry of a network, with what identifies network and tile size.

    Attributes:
        network: Digest of every operation of the traced network.
        tile_shape: (1, channels, *tile size in pixels per axis).
        receptive_field: Pixels that an output position sees, per axis.
        stride: Pixels from one output position to the next, per axis.
        offset: First and last pixel that output position 0 sees, per axis.
    """

    network: str
    tile_shape: tuple[int, ...]
    receptive_field: tuple[int, ...]
    stride: tuple[Fraction, ...]
    offset: tuple[tuple[Fraction, Fraction], ...]

    @property
    def tile_stride(self) -> tuple[int, ...]:
        """The tile size rounded down to whole output positions, at least one of them; in pixels per axis."""
        steps = [stride.numerator for stride in self.stride]
        return tuple(
            max(tile // step, 1) * step for tile, step in zip(self.tile_shape[2:], steps, strict=True)
        )

    def demand(self, network: nn.Module, tile_shape: Sequence[int], dtype: torch.dtype) -> Self:
        """This plan, if it belongs to a network and a tile size.

        Raises:
            StreamingError: It does not.
        """
        if tuple(tile_shape) != self.tile_shape:
            raise StreamingError(
                f"The tile cache is for tiles of {self.tile_shape[2:]} pixels, not {tuple(tile_shape[2:])}; remove it, "
                "or save a new one with save_tile_cache_if_needed(overwrite=True)."
            )
        if _digest(_traced(network, tile_shape, dtype)) != self.network:
            raise StreamingError(
                "The tile cache was saved for another network; remove it, or save a new one with "
                "save_tile_cache_if_needed(overwrite=True)."
            )
        return self

    def to_plain(self) -> dict[str, Any]:
        """As plain values; fractions as text."""
        return {
            "network": self.network,
            "tile_shape": list(self.tile_shape),
            "receptive_field": list(self.receptive_field),
            "stride": [str(stride) for stride in self.stride],
            "offset": [[str(low), str(high)] for low, high in self.offset],
        }

    @classmethod
    def from_plain(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`.

        Raises:
            StreamingError: These are other values.
        """
        try:
            return cls(
                network=str(state["network"]),
                tile_shape=tuple(int(size) for size in state["tile_shape"]),
                receptive_field=tuple(int(size) for size in state["receptive_field"]),
                stride=tuple(Fraction(stride) for stride in state["stride"]),
                offset=tuple((Fraction(low), Fraction(high)) for low, high in state["offset"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StreamingError(
                "The tile cache was not written by this program; remove it, or save a new one with "
                "save_tile_cache_if_needed(overwrite=True)."
            ) from error


def tile_plan(network: nn.Module, tile_shape: Sequence[int], dtype: torch.dtype) -> TilePlan:
    """Plan a network for a tile size.

    Args:
        network: The network that will be streamed.
        tile_shape: (1, channels, *tile size in pixels per axis).
        dtype: Element type of its input.

    Raises:
        NotLocalError: The network has a layer that cannot be streamed.
    """
    program = _traced(network, tile_shape, dtype)
    last = output_nodes(program)[-1].index
    found = [fields(along_axis(program, axis))[last] for axis in range(len(tile_shape) - 2)]
    return TilePlan(
        network=_digest(program),
        tile_shape=tuple(tile_shape),
        receptive_field=tuple(field.size for field in found),
        stride=tuple(field.stride for field in found),
        offset=tuple((field.low, field.high) for field in found),
    )


def read_tile_cache(path: Path) -> dict[str, Any]:
    """The content of a tile cache.

    Raises:
        StreamingError: The file is something else.
    """
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StreamingError(f"{path} is not a readable tile cache; remove it and save a new one.") from error
    return dict(TilePlan.from_plain(state).to_plain())


def write_tile_cache(path: Path, state: Mapping[str, Any]) -> None:
    """Write a tile cache.

    Raises:
        StreamingError: Its folder does not exist.
    """
    if not path.parent.is_dir():
        raise StreamingError(f"The folder {path.parent} for the tile cache does not exist; create it first.")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")


def _traced(network: nn.Module, tile_shape: Sequence[int], dtype: torch.dtype) -> Program:
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    with torch.no_grad():
        return trace(network, (1, tile_shape[1], *(max(SIDE, t) for t in tile_shape[2:])), dtype, device)


def _digest(program: Program) -> str:
    """A digest of how every operation reads its inputs, the same in every process."""
    lines = [
        f"{node.layer} {node.operation} {node.inputs} {node.ref.shape} {node.local.maps if node.local else ()}"
        for node in program.nodes
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
