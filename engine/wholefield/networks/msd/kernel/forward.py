"""Forward pass of a mixed-scale dense block: one large matrix product a group, then shifted additions.

The taps of a kernel are applied to unshifted pixels by a matrix product, W (taps x channels) times X (channels x
pixels), and the products are shifted and added afterwards. One product over all channels in front of a group serves all
its layers at once; the few channels inside a group are added layer by layer, from pixels that are shifted instead.
"""

import torch
from torch import Tensor

from wholefield.networks.msd.kernel.borders import add_shifted, fill_margins
from wholefield.networks.msd.kernel.buffers import borrowed
from wholefield.networks.msd.kernel.frame import OWN_BYTES, Frame
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec, Group


def aligned(spec: BlockSpec, margin: int, products: Tensor, group: Group, run: range) -> tuple[Tensor, ...]:
    """The products of a run of layers by tap along the row, shifted into place.

    Args:
        spec: Shape of the block.
        margin: Pixels by which rows are extended at both ends.
        products: (layers of the group * taps * width, pixels).
        group: The group.
        run: Layers of it whose dilations grow evenly.

    Returns:
        Three views (layers, lines, width, pixels), one margin shorter at both ends than the products.
    """
    pixels, taps = products.shape[1], spec.taps * spec.width
    dilation, step = spec.dilations[run.start], spec.growth(run)
    tap_stride = spec.width * pixels
    start = products.storage_offset() + (run.start - group.layers.start) * taps * pixels + margin
    return tuple(
        products.as_strided(
            (len(run), spec.lines, spec.width, pixels - 2 * margin),
            (taps * pixels + tap * step, 3 * tap_stride, pixels, 1),
            start + (1 + tap) * tap_stride + tap * dilation,
        )
        for tap in (-1, 0, 1)
    )


class ForwardPass:
    """One forward pass through a block, in place in a buffer of all channels.

    With bfloat16 images the large products are rounded, their sums along the row, and the stored images; within a
    group, and across rows, single precision is kept.

    Attributes:
        images: (stored channels, image, [slice,] row, column with margins); the channel of ones and the input must
            be in it already.
        known: Rows (slices) at the top and at the bottom in which every layer is in it already, and stays.
    """

    def __init__(
        self,
        spec: BlockSpec,
        frame: Frame,
        parameters: Parameters,
        images: Tensor,
        known: tuple[int, int] = (0, 0),
    ) -> None:
        self.spec, self.frame, self.parameters = spec, frame, parameters
        self.images, self.known = images, known
        self._flat = images.view(spec.stored, -1)
        self._wide = images.new_empty(0, dtype=torch.promote_types(images.dtype, torch.float32))
        self._rounds = images.dtype != self._wide.dtype
        self._largest = spec.group * spec.taps * spec.width
        self._height = spec.lines * spec.width

    def run(self) -> None:
        """Compute every layer."""
        spec, pixels = self.spec, self._flat.shape[1]
        size = self._largest * self.frame.band(self._largest, self.images.itemsize)
        # One channel more at both ends: shifted views reach a little beyond the first and the last.
        channels, height = (spec.group * spec.width + 2, self._height) if self._rounds else (0, 0)
        with (
            borrowed((size,), self.images) as scratch,
            borrowed((spec.group, self._height, pixels), self.images) as fronts,
            borrowed((channels, pixels), self._wide) as wide,
            borrowed((height, pixels), self._wide) as lines,
        ):
            for group in spec.groups():
                self._add_front(group, fronts, scratch)
                own = wide if self._rounds else self._flat[group.channels - 1 :]
                if self._rounds and any(self.known):
                    layers = self._flat[group.channels : group.channels + len(group.layers) * spec.width]
                    wide[1 : 1 + len(layers)].copy_(layers)
                for index, layer in enumerate(group.layers):
                    sums = self._add_own(group, layer, own, fronts[index], lines)
                    self._finish(layer, sums, own[1 + index * spec.width :][: spec.width])

    def _add_front(self, group: Group, sums: Tensor, scratch: Tensor) -> None:
        """Write line sums of all layers of a group over the channels in front of it."""
        kernels, images = self.parameters.front(group), self._flat[: group.channels]
        margin, size = self.frame.margin, 0
        runs = list(self.spec.runs(group.layers))
        lines = sums.unflatten(1, (self.spec.lines, self.spec.width))[..., margin:]
        outs = lines[: len(group.layers)].split([len(run) for run in runs])
        for first, end in self.frame.bands(self._largest, self.images.itemsize):
            if end - first != size:
                size = end - first
                products = scratch[: len(kernels) * size].view(-1, size)
                taps = [aligned(self.spec, margin, products, group, run) for run in runs]
            torch.mm(kernels, images[:, first:end], out=products)
            for out, (before, center, after) in zip(outs, taps, strict=True):
                inside = out[..., first : end - 2 * margin]
                torch.add(before, center, out=inside)
                inside.add_(after)

    def _add_own(self, group: Group, layer: int, own: Tensor, front: Tensor, lines: Tensor) -> Tensor:
        """The line sums of a layer over the channels in front of its group and those of the group itself."""
        sums = lines if self._rounds else front
        if layer == group.layers.start:
            return sums.copy_(front) if self._rounds else sums
        kernels = self.parameters.own(group, layer)
        dilation, channels, pixels = self.spec.dilations[layer], kernels[0].shape[1], own.shape[1]
        shifted = [
            own.as_strided((channels, pixels), (pixels, 1), own.storage_offset() + pixels + tap * dilation)
            for tap in (-1, 0, 1)
        ]
        for first, end in self.frame.bands(2 * self._height + channels, own.itemsize, OWN_BYTES):
            out = sums[:, first:end]
            if self._rounds:
                out.copy_(front[:, first:end])
            for kernel, images in zip(kernels, shifted, strict=True):
                out.addmm_(kernel, images[:, first:end])
        return sums

    def _finish(self, layer: int, sums: Tensor, own: Tensor) -> None:
        """Add the line sums across rows (and slices) and clip at zero."""
        spec, frame = self.spec, self.frame
        lines = sums.view(*(3,) * (spec.ndim - 1), *frame.padded(spec.width))
        for axis in range(-spec.ndim, -1):
            before, center, after = lines.unbind(0)
            add_shifted(center, before, axis, -spec.dilations[layer])
            add_shifted(center, after, axis, spec.dilations[layer])
            lines = center
        result = self._unknown(own.view(frame.padded(spec.width)))
        torch.clamp_min(self._unknown(lines), 0, out=result)
        fill_margins(result, frame.margin)
        if self._rounds:
            self._unknown(self.images[spec.own(layer)]).copy_(result)

    def _unknown(self, rows: Tensor) -> Tensor:
        """The view without the rows (slices) that are known."""
        axis = -self.spec.ndim
        return rows.narrow(axis, self.known[0], rows.shape[axis] - sum(self.known))
