"""Background that is one color: tiles that see nothing else are computed once for each place at the image's border."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.streaming.execution.halo import Halo, Halos, cut
from wholefield.streaming.execution.recurrence import Moments, Recurrence, Tile, along_axis
from wholefield.streaming.execution.tile import Blocks, ReadImage
from wholefield.streaming.geometry.schedule import AxisNode
from wholefield.streaming.geometry.spans import Span, Spans, hull, intersection, is_empty
from wholefield.streaming.tracing.program import Program

MOST_KINDS = 256
"""Results of tiles that are held; where tiles do not divide evenly among positions there may be many kinds."""


@dataclass(frozen=True)
class Skip:
    """Where an image is background, such as the glass around tissue, and its color.

    A streamed network takes tiles of background as that color, without reading their pixels. Those that see nothing
    else give the same result wherever they lie, which is computed once; the others are computed. So the result is
    exactly that of the image with these tiles painted over.

    Attributes:
        empty: A mask of the whole image in any resolution, bool, one dimension per axis; or a function that says
            whether a box, (start, stop) per axis in pixels, is background all over.
        fill: The color as the network gets it, one number or one per channel.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import Skip, Streamed
        >>> image = torch.ones(1, 3, 256, 256)
        >>> image[:, :, :40, :40] = torch.rand(3, 40, 40)
        >>> glass = np.ones((8, 8), dtype=bool)
        >>> glass[:2, :2] = False
        >>> network = nn.Conv2d(3, 4, 3, padding=1)
        >>> with torch.no_grad():
        ...     found = Streamed(network, 32, skip=Skip(glass, fill=1.0))(image)
        ...     torch.allclose(found, network(image), atol=1e-5)
        True
    """

    empty: NDArray[np.bool_] | Callable[[Spans], bool]
    fill: float | Sequence[float] = 0.0

    def covers(self, box: Spans, lengths: Sequence[int]) -> bool:
        """Whether a box of an image of these lengths is background all over."""
        if not isinstance(self.empty, np.ndarray):
            return self.empty(box)
        cells = tuple(
            slice(start * cells // length, -(-stop * cells // length))
            for (start, stop), cells, length in zip(box, self.empty.shape, lengths, strict=True)
        )
        return bool(self.empty[cells].all())


@dataclass(frozen=True)
class Place:
    """Where a tile lies along one axis, as far as it matters to its result.

    Attributes:
        like: The first tile that is alike: everything in it lies as in that one, but shifted.
        shifts: By how many positions, for every node.
        sees: The pixels that anything in the tile depends on, inside the image.
    """

    like: int
    shifts: tuple[int, ...]
    sees: Span


class Background:
    """Which tiles of one image are background, and what came from those that see nothing else."""

    def __init__(self, skip: Skip, recurrence: Recurrence) -> None:
        """Look at all tiles.

        Args:
            skip: Where the background is.
            recurrence: The network laid out over the tiles.
        """
        self._recurrence = recurrence
        self._places = [places_along(recurrence, axis) for axis in range(len(recurrence.axes))]
        self._sizes = tuple(axis.tile for axis in recurrence.axes)
        image = recurrence.program.image
        self._empty = np.zeros(recurrence.counts, dtype=bool)
        for tile in recurrence.tiles():
            self._empty[tile] = skip.covers(recurrence.box(tile), image.lengths)
        fill = torch.as_tensor(skip.fill, dtype=image.dtype, device=recurrence.program.device)
        self._fill = fill.reshape(-1, *[1] * len(image.axes))
        self._known: dict[Tile, tuple[Tile, Blocks, Halos]] = {}

    def alone(self, tile: Tile) -> bool:
        """Whether a tile sees nothing but background."""
        sees = [places[t].sees for places, t in zip(self._places, tile, strict=True)]
        return bool(self._empty[self._touched(tuple(sees))].all())

    def known(self, tile: Tile) -> tuple[Blocks, Halos] | None:
        """What a tile would compute and hand on, if one like it was computed before."""
        if not self.alone(tile) or (known := self._known.get(self._kind(tile))) is None:
            return None
        first, outputs, halos = known
        return outputs, {key: self._moved(key[1], halo, first, tile) for key, halo in halos.items()}

    def keep(self, tile: Tile, outputs: Blocks, halos: Halos) -> None:
        """Keep what a tile has computed, if it sees nothing but background. Any worker may call it."""
        kind = self._kind(tile)
        if self.alone(tile) and kind not in self._known and len(self._known) < MOST_KINDS:
            self._known[kind] = tile, outputs, halos

    def painted(self, read: ReadImage) -> ReadImage:
        """A way to the pixels with tiles of background painted over."""
        image = self._recurrence.program.image

        def pixels(spans: Spans) -> Tensor:
            touched = self._touched(spans)
            if self._empty[touched].all():
                shape = list(image.shape)
                for axis, (start, stop) in zip(image.axes, spans, strict=True):
                    shape[axis] = stop - start
                return self._fill.expand(shape).contiguous()
            block = read(spans).clone()
            for offset in np.argwhere(self._empty[touched]):
                tile = tuple(int(k) + part.start for k, part in zip(offset, touched, strict=True))
                shared = intersection(self._recurrence.box(tile), spans)
                if not is_empty(shared):
                    cut(block, image.axes, spans, shared).copy_(self._fill)
            return block

        return pixels

    def _kind(self, tile: Tile) -> Tile:
        return tuple(places[t].like for places, t in zip(self._places, tile, strict=True))

    def _touched(self, spans: Spans) -> tuple[slice, ...]:
        """The tiles that a box of pixels touches."""
        return tuple(
            slice(start // size, -(-stop // size))
            for (start, stop), size in zip(spans, self._sizes, strict=True)
        )

    def _moved(self, node: int, halo: Halo, first: Tile, tile: Tile) -> Halo:
        shifts = [
            places[t].shifts[node] - places[f].shifts[node]
            for places, t, f in zip(self._places, tile, first, strict=True)
        ]
        return tuple(
            (tuple((start + by, stop + by) for (start, stop), by in zip(spans, shifts, strict=True)), piece)
            for spans, piece in halo
        )


def places_along(recurrence: Recurrence, axis: int) -> list[Place]:
    """Where each tile along an axis lies.

    Two tiles are alike if neither sees a border of the image, and everything in one lies as in the other, shifted by as
    many positions of every node as the tiles are apart.
    """
    program = recurrence.program
    nodes = along_axis(program, axis)
    size, moments = recurrence.axes[axis].tile, recurrence.moments[axis]
    varies = any(local.cuts for k in program.live if (local := program.nodes[k].local) is not None)
    places: list[Place] = []
    firsts: list[int] = []
    for t, here in enumerate(moments):
        sees, inside = _seen(nodes, program, here)
        place = Place(t, (0,) * len(nodes), sees)
        for first in firsts if inside and not varies else ():
            shifts = _shifts(nodes, (t - first) * size)
            if shifts is not None and _alike(program, moments[first], here, shifts, nodes):
                place = Place(first, shifts, sees)
                break
        else:
            if inside:
                firsts.append(t)
        places.append(place)
    return places


def _seen(nodes: Sequence[AxisNode], program: Program, here: Sequence[Moments]) -> tuple[Span, bool]:
    """The pixels that a tile depends on along an axis, and whether no border does."""
    wanted: list[list[Span]] = [[] for _ in nodes]
    wanted[0].append(here[0].new)
    inside = True
    for index in range(len(nodes) - 1, -1, -1):
        if index not in program.live:
            continue
        held = here[index].held
        spans = wanted[index] + ([held] if held[0] < held[1] and index else [])
        if not spans:
            continue
        start, stop = hull([(span,) for span in spans])[0]
        inside = inside and start >= 0 and stop <= nodes[index].length
        for source, axis_map in zip(nodes[index].inputs, nodes[index].maps, strict=True):
            wanted[source].append(axis_map.reach(start, stop))
        if not index:
            length = nodes[0].length
            return (min(max(start, 0), length - 1), max(min(stop, length), 1)), inside
    raise AssertionError("The image is always among the nodes.")


def _shifts(nodes: Sequence[AxisNode], pixels: int) -> tuple[int, ...] | None:
    """By how many positions every node is shifted if the image is by some pixels; None if not by whole ones."""
    found: list[Fraction] = []
    for node in nodes:
        # Interpolations shorten their stride.
        steps = [Fraction(getattr(axis_map, "ratio", axis_map.stride)) for axis_map in node.maps]
        if not all(steps):
            return None
        by = {found[source] / step for source, step in zip(node.inputs, steps, strict=True)}
        if len({found[source] for source in node.inputs}) > 1 or any(shift.denominator > 1 for shift in by):
            return None
        found.append(by.pop() if by else Fraction(0 if found else pixels))
    return tuple(map(int, found))


def _alike(
    program: Program,
    one: Sequence[Moments],
    other: Sequence[Moments],
    shifts: Sequence[int],
    nodes: Sequence[AxisNode],
) -> bool:
    """Whether everything in a tile lies as in another but for a shift."""
    for k in program.live:
        a, b, by = one[k], other[k], shifts[k]
        pairs = [
            (a.new, b.new, by),
            (a.held, b.held, by),
            (a.halo_in, b.halo_in, by),
            (a.halo_out, b.halo_out, by),
        ]
        if nodes[k].inputs:
            pairs.append((a.reads, b.reads, shifts[nodes[k].inputs[0]]))
        for (start, stop), (there, end), step in pairs:
            if (stop - start or end - there) and (start + step, stop + step) != (there, end):
                return False
    return True
