"""Inference on images of any height in memory that depends on the width alone: rows flow through the layers.

Rows (slices of a volume) come in at the top. Every layer follows the one before at a distance of its dilation, takes
every row once, and keeps what later layers still read in rings. Nothing is computed twice and nothing is approximate:
layers lag by the sum of the dilations, and reflect where the image ends.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod

import torch
from torch import Tensor

from wholefield.networks.msd.kernel.borders import add_shifted, fill_margins
from wholefield.networks.msd.kernel.buffers import POOL, Lease
from wholefield.networks.msd.kernel.forward import aligned
from wholefield.networks.msd.kernel.frame import Frame
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec, Group
from wholefield.networks.msd.streaming.ring import ring_pieces, scatters

# As measured: working set of one band of rows in bytes, and such bands taken at once inside a group. They are larger
# than for a whole image, because here every band costs more calls.
BAND_BYTES = 6 << 20
OWN_BANDS = 6
# Rows (slices) taken in at once: more of them save calls and cost memory.
STEP = 96

ReadRows = Callable[[int, int], Tensor]
"""Gives rows [first, end) of the image: (c_in, rows, [row,] column)."""

SeeRows = Callable[[int, Tensor], None]
"""Is shown, in order, the first of some rows and all channels over them: (channels, rows, pixels with margins)."""


class RowStream:
    """A network over one image whose rows come one after the other.

    Attributes:
        spec: Shape of the block.
        shape: (rows, columns) or (slices, rows, columns).
        step: Rows (slices) taken in at once.
    """

    def __init__(
        self, spec: BlockSpec, parameters: Parameters, shape: Sequence[int], like: Tensor, step: int
    ) -> None:
        self.spec, self.shape, self.step = spec, tuple(shape), step
        self._frame = Frame(1, (1, *shape[1:]) if spec.ndim == 3 else (1, shape[1]), spec.margin)
        self._unit = prod(shape[1:-1]) * self._frame.pitch
        self._ring = min(shape[0], sum(spec.dilations) + step)
        within = max(
            (sum(spec.dilations[layer] for layer in group.layers) for group in spec.groups()), default=0
        )
        self._sum_ring = within + step + 2 * spec.margin
        wide = torch.promote_types(like.dtype, torch.float32)
        self._leases: list[Lease] = []
        self._images = self._borrow((spec.stored, self._ring * self._unit), like)
        self._images[0] = 1
        broad = like.new_empty(0, dtype=wide)
        self._sums = self._borrow((spec.depth * spec.width, self._sum_ring * self._unit), broad).zero_()
        self._ready = [0] * (spec.depth + 1)
        self._fronts = [0] * len(list(spec.groups()))
        self._own = [0] * spec.depth
        self._front_kernels = [parameters.front(group) for group in spec.groups()]
        self._own_kernels = [
            parameters.own(group, layer) for group in spec.groups() for layer in group.layers
        ]
        largest = spec.group * spec.taps * spec.width
        self._band = max(1, BAND_BYTES // (largest * self._unit * self._sums.itemsize))
        self._scratch = self._borrow((largest * self._band * self._unit,), like)
        height = spec.lines * spec.width * max(spec.group, OWN_BANDS)
        self._lines = self._borrow((height * self._band * self._unit,), broad)

    def _borrow(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Memory that the next stream, such as that of the next slice, takes over."""
        self._leases.append(POOL.borrow(shape, like))
        return self._leases[-1].tensor

    def run(
        self, read: ReadRows, final: Tensor, final_bias: Tensor, see: SeeRows | None = None
    ) -> Iterator[tuple[int, Tensor]]:
        """Stream the image once.

        Args:
            read: Gives rows of the image.
            final: (c_out, channels), the linear combination of all channels.
            final_bias: (c_out,).
            see: Is shown all channels.

        Yields:
            First row and block (c_out, rows, [row,] column) of the output, in order.
        """
        done = 0
        while done < self.shape[0]:
            self._take_in(read)
            for index, group in enumerate(self.spec.groups()):
                self._advance(index, group)
            while done < self._ready[-1]:
                end = min(self._ready[-1], done - done % self._ring + self._ring, done + self._band)
                images = self._rows(self._images[1:], done, end, self._ring)
                if see is not None:
                    see(done, images.unflatten(1, (-1, self._unit)))
                yield done, self._combine(images, final, final_bias)
                done = end

    def _take_in(self, read: ReadRows) -> None:
        first = self._ready[0]
        self._ready[0] = min(first + self.step, self.shape[0])
        for start, stop in ring_pieces(first, self._ready[0], self._ring):
            rows = self._rows(self._images[1 : 1 + self.spec.c_in], start, stop, self._ring)
            extended = rows.view(self.spec.c_in, stop - start, *self.shape[1:-1], self._frame.pitch)
            self._frame.inside(extended).copy_(read(start, stop))
            fill_margins(extended, self._frame.margin)

    def _rows(self, rings: Tensor, first: int, end: int, ring: int) -> Tensor:
        """Rows of some channels, (channels, pixels); they must not wrap around."""
        start = first % ring * self._unit
        return rings[:, start : start + (end - first) * self._unit]

    def _advance(self, index: int, group: Group) -> None:
        """Let the layers of a group take the rows that have become complete."""
        spec = self.spec
        front, self._fronts[index] = self._fronts[index], self._ready[group.layers.start]
        for start, stop in self._pieces(front, self._fronts[index], self._band):
            lines = self._front_lines(index, group, start, stop)
            for run in spec.runs(group.layers):
                self._add_run(run, lines[run.start - group.layers.start :][: len(run)], start, stop)
        for layer in group.layers:
            before, self._own[layer] = self._own[layer], self._ready[layer]
            if layer > group.layers.start:
                for start, stop in self._pieces(before, self._own[layer], self._band * OWN_BANDS):
                    lines = self._own_lines(group, layer, start, stop)[None]
                    self._add_run(range(layer, layer + 1), lines, start, stop)
            complete = self._own[layer] - spec.dilations[layer]
            bound = self.shape[0] if self._own[layer] == self.shape[0] else max(0, complete)
            self._finish(layer, min(bound, self._ready[layer + 1] + self.step))

    def _pieces(self, first: int, end: int, band: int) -> Iterator[tuple[int, int]]:
        """Bands of at most that many rows that do not wrap around."""
        for start, stop in ring_pieces(first, end, self._ring):
            for row in range(start, stop, band):
                yield row, min(row + band, stop)

    def _front_lines(self, index: int, group: Group, first: int, end: int) -> Tensor:
        """Sums along the row of every layer of a group: (layers, lines * width, pixels)."""
        spec, margin = self.spec, self._frame.margin
        images = self._rows(self._images[: group.channels], first, end, self._ring)
        kernels, pixels = self._front_kernels[index], images.shape[1]
        products = self._scratch[: len(kernels) * pixels].view(-1, pixels)
        torch.mm(kernels, images, out=products)
        lines = self._lines[: len(group.layers) * spec.lines * spec.width * pixels]
        lines = lines.view(len(group.layers), spec.lines, spec.width, pixels)
        inside = pixels - 2 * margin
        for run in spec.runs(group.layers):
            before, center, after = aligned(spec, margin, products, group, run)
            out = lines[run.start - group.layers.start :][: len(run)].narrow(-1, margin, inside)
            torch.add(before, center, out=out)
            out.add_(after)
        return lines.flatten(1, 2)

    def _own_lines(self, group: Group, layer: int, first: int, end: int) -> Tensor:
        """Sums along the row over the channels of its own group in front of a layer: (lines * width, pixels)."""
        channels = self._images[group.channels : self.spec.front(layer)]
        start, pixels = first % self._ring * self._unit, (end - first) * self._unit
        lines = self._lines[: self.spec.lines * self.spec.width * pixels].view(-1, pixels)
        margin = self.spec.margin
        origin = int(channels.storage_offset()) + start - margin
        # Beyond the first and the last row this reads a margin's width of what belongs to others, and never uses it.
        extended = channels.as_strided((len(channels), pixels + 2 * margin), channels.stride(), origin)
        extended = extended.to(lines.dtype)
        for tap, kernel in enumerate(self._own_kernels[layer], -1):
            shifted = extended.narrow(1, margin + tap * self.spec.dilations[layer], pixels)
            torch.addmm(lines, kernel, shifted, beta=0 if tap < 0 else 1, out=lines)
        return lines

    def _add_run(self, run: range, lines: Tensor, first: int, end: int) -> None:
        """Add line sums of rows [first, end) of a run of layers, (layers, lines * width, pixels), to their results."""
        spec, ring = self.spec, self._sum_ring
        reach = max(spec.dilations[layer] for layer in run)
        rows = self._by_row(run, lines, end - first)
        inside = reach <= first and end + reach <= self.shape[0]
        if not inside or (first - reach) // ring != (end + reach - 1) // ring:
            for layer, own in zip(run, rows, strict=True):
                self._add(layer, own, first, end)
            return
        dilation, step = spec.dilations[run.start], spec.growth(run)
        layer_stride = spec.width * ring * self._unit
        shape = (len(run), spec.width, end - first, self._unit)
        for tap in (-1, 0, 1):
            # The tap that reads the row above adds to the row below.
            stride = (layer_stride - tap * step * self._unit, ring * self._unit, self._unit, 1)
            at = (
                int(self._sums.storage_offset())
                + run.start * layer_stride
                + (first % ring - tap * dilation) * self._unit
            )
            self._sums.as_strided(shape, stride, at).add_(rows[:, tap + 1])

    def _by_row(self, run: range, lines: Tensor, count: int) -> Tensor:
        """Line sums (layers, lines * width, pixels) by the tap across streamed rows; added up within slices before.

        Returns:
            (layers, 3, width, rows, pixels of a row).
        """
        spec = self.spec
        if spec.ndim == 2:
            return lines.view(len(run), 3, spec.width, count, self._unit)
        planes = lines.view(len(run), 3, 3, spec.width, count, *self.shape[1:-1], self._frame.pitch)
        for layer, (before, center, after) in zip(run, planes.movedim(2, 1), strict=True):
            add_shifted(center, before, -2, -spec.dilations[layer])
            add_shifted(center, after, -2, spec.dilations[layer])
        return planes[:, :, 1].flatten(-2)

    def _add(self, layer: int, by_row: Tensor, first: int, end: int) -> None:
        """Add line sums of rows [first, end), (3, width, rows, pixels of a row), to a layer's results."""
        spec, dilation = self.spec, self.spec.dilations[layer]
        own = self._sums[layer * spec.width : (layer + 1) * spec.width].unflatten(
            1, (self._sum_ring, self._unit)
        )
        for each in scatters(first, end, dilation, self.shape[0]):
            rows = by_row[each.tap, :, each.first - first : each.end - first]
            if each.mirrored:
                rows, target = rows.flip(1), each.target - rows.shape[1] + 1
            else:
                target = each.target
            for start, stop in ring_pieces(target, target + rows.shape[1], self._sum_ring):
                at = start % self._sum_ring
                own[:, at : at + stop - start].add_(rows[:, start - target : stop - target])

    def _finish(self, layer: int, ready: int) -> None:
        """Clip the rows of a layer that are complete, and empty their sums."""
        spec = self.spec
        before, self._ready[layer + 1] = self._ready[layer + 1], ready
        for start, stop in ring_pieces(before, ready, self._ring, self._sum_ring):
            sums = self._rows(
                self._sums[layer * spec.width : (layer + 1) * spec.width], start, stop, self._sum_ring
            )
            out = self._rows(self._images[spec.own(layer)], start, stop, self._ring)
            if out.dtype == sums.dtype:
                torch.clamp_min(sums, 0, out=out)
            else:
                out.copy_(sums.clamp_min_(0))
            sums.zero_()
            fill_margins(out.unflatten(1, (-1, self._frame.pitch)), self._frame.margin)

    def _combine(self, images: Tensor, final: Tensor, final_bias: Tensor) -> Tensor:
        output = torch.addmm(final_bias.view(-1, 1), final, images)
        extended = output.view(len(final), -1, *self.shape[1:-1], self._frame.pitch)
        return self._frame.inside(extended).contiguous()
