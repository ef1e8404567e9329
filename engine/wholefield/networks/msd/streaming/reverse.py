"""Backward pass over images of any height in memory that depends on the width alone.

Strips of rows (slices of a volume) are visited from the last to the first, and every channel over a strip is computed
again: the few rows above it were kept by the forward pass, those below it by the strip before. Gradients follow at a
distance. That of a layer is complete in the rows that all later layers have passed, so that every layer follows the one
behind it at its dilation; images and gradients stay in rings for as long. Nothing but the forward pass is computed
twice, and nothing is approximate.
"""

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

from wholefield.networks.msd.kernel.autograd import inward
from wholefield.networks.msd.kernel.backward import Wanted, kernels_of, spread_columns
from wholefield.networks.msd.kernel.borders import fill_margins, fold_margins, write_shifted_adjoint
from wholefield.networks.msd.kernel.buffers import POOL, Lease, borrowed
from wholefield.networks.msd.kernel.forward import ForwardPass
from wholefield.networks.msd.kernel.frame import Frame
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec, Group
from wholefield.networks.msd.streaming.cuts import Cuts, strips
from wholefield.networks.msd.streaming.ring import ring_pieces, scatters
from wholefield.networks.msd.streaming.rows import BAND_BYTES, OWN_BANDS


class ReverseStream:
    """The backward pass of a network, image after image.

    Attributes:
        spec: Shape of the block.
        shape: (rows, columns) or (slices, rows, columns) of an image.
        strip: Rows (slices) that are computed again at once.
        final_gradient: Gradient (c_out, channels) of the linear combination, added up.
    """

    def __init__(
        self,
        spec: BlockSpec,
        parameters: Parameters,
        final: Tensor,
        shape: Sequence[int],
        strip: int,
        wanted: Wanted,
    ) -> None:
        self.spec, self.shape, self.strip = spec, tuple(shape), strip
        self._parameters, self._wanted = parameters, wanted
        self._groups = [group for group in spec.groups() if wanted.below(group) or wanted.within(group)]
        margin, pitch = spec.margin, shape[-1] + 2 * spec.margin
        self._unit = prod(shape[1:-1]) * pitch
        self._ring = min(shape[0], sum(spec.dilations) + strip + margin)
        wide = final.new_empty(0, dtype=torch.promote_types(final.dtype, torch.float32))
        self._leases: list[Lease] = []
        self._images = self._borrow((spec.stored, self._ring * self._unit), final)
        self._images[0] = 1
        self._gradients = self._borrow(self._images.shape, wide)
        planes = spec.group * spec.taps * spec.width
        self._band = max(1, BAND_BYTES // (planes * self._unit * wide.itemsize))
        self._planes = self._borrow((planes * self._band * self._unit,), wide)
        height = spec.lines * spec.width * max(spec.group, OWN_BANDS)
        self._lines = self._borrow((height * self._band * self._unit + 2 * margin,), wide)
        self._lines[:margin] = 0
        self._final = final.flatten(1).t().to(wide.dtype)
        self.final_gradient = wide.new_zeros(len(final), spec.channels)
        self._front_kernels = [parameters.front(group)[:, 1:].t().to(wide.dtype) for group in self._groups]
        self._sums = [
            wide.new_zeros(len(group.layers) * spec.taps * spec.width, spec.front(group.layers[-1]))
            for group in self._groups
        ]

    def _borrow(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        self._leases.append(POOL.borrow(shape, like))
        return self._leases[-1].tensor

    def matrices(self) -> dict[int, Tensor]:
        """For each layer of every group that needs one, the gradient of its matrix in Parameters, added up."""
        return {
            layer: matrix
            for group, sums in zip(self._groups, self._sums, strict=True)
            for layer, matrix in kernels_of(self.spec, group, sums).items()
            if self._wanted.within(group)
        }

    def run(self, image: Tensor, cuts: Cuts, gradient: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Go through one image.

        Args:
            image: (c_in, rows, [row,] column).
            cuts: What the forward pass kept of it.
            gradient: Gradient of the output, (c_out, rows, [row,] column).

        Yields:
            First row and block (c_in, rows, [row,] column) of the image's gradient, last rows first, if it is wanted.
        """
        length = self.shape[0]
        self._masked, self._own = [length] * self.spec.depth, [length] * self.spec.depth
        fronts = [length] * len(self._groups)
        done = length
        for first, end in reversed(strips(length, self.strip)):
            self._recompute(image, first, end, cuts.above(first))
            self._take_in(gradient, first, end)
            complete = first
            for index, group in reversed(list(enumerate(self._groups))):
                complete = self._pass(group, complete)
                self._add_to_front(index, group, complete, fronts[index])
                fronts[index] = complete
            if self._wanted.input:
                for start, stop in ring_pieces(complete, done, self._ring):
                    yield start, self._input_gradient(start, stop)
                done = complete

    def _recompute(self, image: Tensor, first: int, end: int, above: Tensor | None) -> None:
        """All channels over rows [first, end) of an image."""
        spec = self.spec
        low = first if above is None else first - above.shape[1]
        high = min(self.shape[0], end + spec.margin)
        frame = Frame(1, (high - low, *self.shape[1:]), spec.margin)
        with borrowed(frame.padded(spec.stored), self._images) as images:
            rows = images.view(spec.stored, high - low, self._unit)
            images[0] = 1
            inputs = images[1 : 1 + spec.c_in]
            frame.inside(inputs).copy_(image[:, None, low:high])
            fill_margins(inputs, spec.margin)
            layers = slice(1 + spec.c_in, None)
            if above is not None:
                rows[layers, : first - low] = above[spec.c_in :]
            for start, stop in ring_pieces(end, high, self._ring):
                rows[layers, start - low : stop - low] = self._rows(self._images[layers], start, stop)
            ForwardPass(spec, frame, self._parameters, images, (first - low, high - end)).run()
            for start, stop in ring_pieces(first, end, self._ring):
                self._rows(self._images[1:], start, stop).copy_(rows[1:, start - low : stop - low])

    def _rows(self, rings: Tensor, first: int, end: int) -> Tensor:
        """Rows of some channels, (channels, rows, pixels); they must not wrap around."""
        return self._flat(rings, first, end).unflatten(1, (end - first, self._unit))

    def _flat(self, rings: Tensor, first: int, end: int) -> Tensor:
        """Rows of some channels, (channels, pixels); they must not wrap around."""
        start = first % self._ring * self._unit
        return rings[:, start : start + (end - first) * self._unit]

    def _frame(self, first: int, end: int) -> Frame:
        return Frame(1, (end - first, *self.shape[1:]), self.spec.margin)

    def _pieces(self, first: int, end: int, band: int) -> Iterator[tuple[int, int]]:
        """Bands of at most that many rows that do not wrap around."""
        for start, stop in ring_pieces(first, end, self._ring):
            for row in range(start, stop, band):
                yield row, min(row + band, stop)

    def _take_in(self, gradient: Tensor, first: int, end: int) -> None:
        """Gradients of all channels over rows [first, end) from that of the output."""
        sums = torch.zeros_like(self.final_gradient)
        for start, stop in self._pieces(first, end, self._band * OWN_BANDS):
            with borrowed((self._final.shape[1], (stop - start) * self._unit), self._gradients) as lines:
                inward(self._frame(start, stop), gradient[None, :, start:stop], lines)
                images = self._flat(self._images[1:], start, stop)
                sums.addmm_(lines, images.t().to(lines.dtype))
                torch.mm(self._final, lines, out=self._flat(self._gradients[1:], start, stop))
        # Strip by strip, because single precision loses digits where thousands of bands are added one by one.
        self.final_gradient += sums

    def _pass(self, group: Group, complete: int) -> int:
        """Let the gradients of a group's layers become complete, given the first row that later groups have passed.

        Returns:
            The first row in which the group can be passed.
        """
        for layer in reversed(group.layers):
            before, self._masked[layer] = self._masked[layer], complete
            for start, stop in ring_pieces(complete, before, self._ring):
                self._mask(layer, start, stop)
            complete = min(self.shape[0], complete + self.spec.dilations[layer]) if complete else 0
            if layer > group.layers.start:
                before, self._own[layer] = self._own[layer], complete
                self._add_to_own(group, layer, complete, before)
        return complete

    def _mask(self, layer: int, first: int, end: int) -> None:
        """Mask the gradient of a layer where the layer was clipped, in place; its margins become zero."""
        own, frame = self.spec.own(layer), self._frame(first, end)
        gradient = self._flat(self._gradients[own], first, end).unflatten(1, (-1, frame.pitch))
        images = self._flat(self._images[own], first, end).unflatten(1, (-1, frame.pitch))
        fold_margins(gradient, frame.margin)
        inside = frame.inside(gradient)
        torch.ops.aten.threshold_backward.grad_input(
            inside, frame.inside(images).to(inside.dtype), 0, grad_input=inside
        )
        gradient[:, :, : frame.margin] = 0
        gradient[:, :, frame.margin + frame.columns :] = 0

    def _add_to_own(self, group: Group, layer: int, first: int, end: int) -> None:
        """Add to the gradients of the channels of its own group in front of a layer."""
        dilation = self.spec.dilations[layer]
        kernels = [kernel.t() for kernel in self._parameters.own(group, layer)]
        for start, stop in self._pieces(first, end, self._band * OWN_BANDS):
            target = self._flat(self._gradients[group.channels : self.spec.front(layer)], start, stop)
            lines = self._gather(range(layer, layer + 1), start, stop)
            height, pixels = self.spec.lines * self.spec.width, target.shape[1]
            for tap, kernel in enumerate(kernels, -1):
                at = self.spec.margin - tap * dilation
                target.addmm_(kernel, lines[at : at + height * pixels].view(height, pixels))

    def _add_to_front(self, index: int, group: Group, first: int, end: int) -> None:
        """Add to the gradients of the channels in front of a group, and of the group's kernels."""
        spec, kernels, sums = self.spec, self._front_kernels[index], self._sums[index]
        below, within = self._wanted.below(group), self._wanted.within(group)
        for start, stop in self._pieces(first, end, self._band):
            lines, pixels = self._gather(group.layers, start, stop), (stop - start) * self._unit
            shape = (len(group.layers), spec.lines, 3, spec.width, pixels)
            planes = self._planes[: prod(shape)].view(shape)
            spread_columns(spec, spec.margin, group, lines, pixels, 0, planes)
            spread = planes.view(-1, pixels)
            if below:
                self._flat(self._gradients[1 : group.channels], start, stop).addmm_(kernels, spread)
            if within:
                images = self._flat(self._images[: sums.shape[1]], start, stop)
                sums.addmm_(spread, images.t().to(sums.dtype))

    def _gather(self, layers: range, first: int, end: int) -> Tensor:
        """Masked gradients of some layers moved to the lines (and slices) over rows [first, end) that they came from.

        Returns:
            (layers * lines * width, pixels), flat, between two margins of zeros.
        """
        spec, pixels = self.spec, (end - first) * self._unit
        shape = (len(layers), 3, spec.lines // 3, spec.width, end - first, self._unit)
        size, margin = prod(shape[:-2]) * pixels, spec.margin
        lines = self._lines[: size + 2 * margin]
        lines[margin + size :] = 0
        targets = lines[margin : margin + size].view(shape)
        # Across slices lines go to the central row, from which those beside it are shifted.
        for run in spec.runs(layers):
            own = targets[run.start - layers.start :][: len(run), :, spec.ndim - 2]
            self._gather_run(run, own, first, end)
        if spec.ndim == 3:
            planes = targets.unflatten(-1, (self.shape[1], -1))
            for layer, each in zip(layers, planes, strict=True):
                before, center, after = each.unbind(1)
                write_shifted_adjoint(before, center, -2, -spec.dilations[layer])
                write_shifted_adjoint(after, center, -2, spec.dilations[layer])
        return lines

    def _gather_run(self, run: range, out: Tensor, first: int, end: int) -> None:
        """Write the masked gradients that rows [first, end) had a part in: (layers, 3, width, rows, pixels)."""
        spec, ring, unit = self.spec, self._ring, self._unit
        reach = max(spec.dilations[layer] for layer in run)
        inside = reach <= first and end + reach <= self.shape[0]
        if not inside or (first - reach) // ring != (end + reach - 1) // ring:
            for layer, each in zip(run, out, strict=True):
                self._gather_layer(layer, each, first, end)
            return
        dilation, step = spec.dilations[run.start], spec.growth(run)
        stride = ring * unit
        shape = (len(run), spec.width, end - first, unit)
        start = int(self._gradients.storage_offset()) + spec.front(run.start) * stride + first % ring * unit
        for tap in (-1, 0, 1):
            strides = (spec.width * stride - tap * step * unit, stride, unit, 1)
            at = start - tap * dilation * unit
            out[:, tap + 1].copy_(self._gradients.as_strided(shape, strides, at))

    def _gather_layer(self, layer: int, out: Tensor, first: int, end: int) -> None:
        """The same for one layer where rows reflect or wrap around: (3, width, rows, pixels)."""
        own = self._gradients[self.spec.own(layer)]
        out.zero_()
        for each in scatters(first, end, self.spec.dilations[layer], self.shape[0]):
            into = out[each.tap, :, each.first - first : each.end - first]
            target = each.target - into.shape[1] + 1 if each.mirrored else each.target
            rows = [
                self._rows(own, start, stop)
                for start, stop in ring_pieces(target, target + into.shape[1], self._ring)
            ]
            into += torch.cat(rows, 1).flip(1) if each.mirrored else torch.cat(rows, 1)

    def _input_gradient(self, first: int, end: int) -> Tensor:
        """The gradient of the image over rows [first, end)."""
        frame = self._frame(first, end)
        rings = self._gradients[1 : 1 + self.spec.c_in]
        gradient = self._flat(rings, first, end).unflatten(1, (-1, *self.shape[1:-1], frame.pitch))
        fold_margins(gradient, frame.margin)
        return frame.inside(gradient)
