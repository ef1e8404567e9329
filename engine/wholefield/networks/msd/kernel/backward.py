"""Backward pass of a mixed-scale dense block, derived manually: the transpose of every step of the forward pass.

The gradient of a layer, masked where the layer was clipped, is spread to one plane a tap. The gradients of all channels
in front of a group and of all its kernels are then one matrix product each: W^T S and S X^T.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wholefield.networks.msd.kernel.borders import fold_margins, write_shifted_adjoint
from wholefield.networks.msd.kernel.buffers import borrowed
from wholefield.networks.msd.kernel.frame import OWN_BYTES, Frame
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec, Group


@dataclass(frozen=True)
class Wanted:
    """Which gradients are asked for.

    Attributes:
        input: Whether the block's input needs one.
        layers: For each layer whether its kernel or its bias needs one.
    """

    input: bool
    layers: tuple[bool, ...]

    @classmethod
    def of(cls, image: bool, bias: bool, weights: Sequence[bool]) -> "Wanted":
        """From what needs a gradient; the biases of all layers are one parameter."""
        return cls(image, tuple(bias or weight for weight in weights))

    def below(self, group: Group) -> bool:
        """Whether anything in front of a group needs a gradient."""
        return self.input or any(self.layers[: group.layers.start])

    def within(self, group: Group) -> bool:
        """Whether any layer of a group needs a gradient."""
        return any(self.layers[layer] for layer in group.layers)


def spread_columns(
    spec: BlockSpec, margin: int, group: Group, lines: Tensor, pixels: int, first: int, planes: Tensor
) -> None:
    """Move the line gradients of a group to the taps along the row, one plane a tap.

    Args:
        spec: Shape of the block.
        margin: Pixels by which rows are extended at both ends.
        group: The group.
        lines: Line gradients (layers * lines * width, pixels), flat, between two margins of zeros.
        pixels: Pixels of one of them.
        first: First pixel to move.
        planes: (layers, lines, 3, width, pixels to move), overwritten.
    """
    height, count = spec.lines * spec.width, planes.shape[-1]
    for run in spec.runs(group.layers):
        start, dilation, step = run.start - group.layers.start, spec.dilations[run.start], spec.growth(run)
        origin = int(lines.storage_offset()) + margin + start * height * pixels + first
        for tap in (-1, 0, 1):
            shape = (len(run), spec.lines, spec.width, count)
            stride = (height * pixels - tap * step, spec.width * pixels, pixels, 1)
            source = lines.as_strided(shape, stride, origin - tap * dilation)
            planes[start : start + len(run), :, 1 + tap].copy_(source)


def kernels_of(spec: BlockSpec, group: Group, sums: Tensor) -> dict[int, Tensor]:
    """The gradient of every layer's matrix in a group: sums (layers * taps * width, channels), cut up."""
    matrices = sums.view(len(group.layers), -1, sums.shape[1])
    return {
        layer: matrix[:, : spec.front(layer)] for layer, matrix in zip(group.layers, matrices, strict=True)
    }


class BackwardPass:
    """One backward pass through a block.

    Attributes:
        images: All stored channels, as the forward pass left them.
        gradients: The same shape, in at least single precision: gradients of the block's output, zero in the margins.
            Afterwards the rows of the input hold its gradient, if wanted.
    """

    def __init__(
        self,
        spec: BlockSpec,
        frame: Frame,
        parameters: Parameters,
        images: Tensor,
        gradients: Tensor,
        wanted: Wanted,
    ) -> None:
        self.spec, self.frame, self.parameters, self.wanted = spec, frame, parameters, wanted
        self.images, self.gradients = images, gradients
        self._flat_images, self._flat = images.view(spec.stored, -1), gradients.view(spec.stored, -1)
        self._height = spec.lines * spec.width
        self._largest = 2 * spec.group * spec.taps * spec.width

    def run(self) -> dict[int, Tensor]:
        """Compute the gradients.

        Returns:
            For each layer of every group that needs one, the gradient of its matrix in :class:`Parameters`.
        """
        spec, pixels = self.spec, self._flat.shape[1]
        size = spec.group * spec.taps * spec.width * self.frame.band(self._largest, self._flat.itemsize)
        kernels: dict[int, Tensor] = {}
        with (
            borrowed((size,), self._flat) as scratch,
            borrowed((spec.group * self._height * pixels + 2 * self.frame.margin,), self._flat) as lines,
        ):
            self._clear_margins(lines)
            for group in reversed(list(spec.groups())):
                if not (self.wanted.below(group) or self.wanted.within(group)):
                    break
                for layer in reversed(group.layers):
                    self._spread(layer, self._lines_of(lines, group, layer))
                    self._add_to_own(group, layer, lines)
                kernels |= self._add_to_front(group, lines, scratch)
        if self.wanted.input:
            fold_margins(self.gradients[1 : 1 + spec.c_in], self.frame.margin)
        return kernels

    def _clear_margins(self, lines: Tensor) -> None:
        margin = self.frame.margin
        lines[:margin].zero_()
        lines[len(lines) - margin :].zero_()
        rows = lines[margin : len(lines) - margin].view(-1, self.frame.pitch)
        rows[:, :margin].zero_()
        rows[:, self.frame.pitch - margin :].zero_()

    def _lines_of(self, lines: Tensor, group: Group, layer: int, shift: int = 0) -> Tensor:
        """Line gradients of a layer, (lines * width, pixels), read that many pixels further to the right."""
        size = self._height * self._flat.shape[1]
        start = self.frame.margin + (layer - group.layers.start) * size + shift
        return lines[start : start + size].view(self._height, -1)

    def _spread(self, layer: int, lines: Tensor) -> None:
        """Mask the gradient of a layer and move it to the lines (and slices) that it was summed from."""
        spec, frame = self.spec, self.frame
        own = self.gradients[spec.own(layer)]
        fold_margins(own, frame.margin)
        targets = lines.view(*(3,) * (spec.ndim - 1), *frame.padded(spec.width))
        stages = [targets]
        for _ in range(spec.ndim - 1):
            stages.append(stages[-1][1])
        torch.ops.aten.threshold_backward.grad_input(
            frame.inside(own),
            frame.inside(self.images[spec.own(layer)]).to(own.dtype),
            0,
            grad_input=frame.inside(stages.pop()),
        )
        for axis, stage in zip(range(-2, -spec.ndim - 1, -1), reversed(stages), strict=True):
            before, center, after = stage.unbind(0)
            write_shifted_adjoint(before, center, axis, -spec.dilations[layer])
            write_shifted_adjoint(after, center, axis, spec.dilations[layer])

    def _add_to_own(self, group: Group, layer: int, lines: Tensor) -> None:
        """Add to the gradients of the channels of its own group in front of a layer."""
        if layer == group.layers.start:
            return
        dilation = self.spec.dilations[layer]
        target = self._flat[group.channels : self.spec.front(layer)]
        kernels = [kernel.t() for kernel in self.parameters.own(group, layer)]
        shifted = [self._lines_of(lines, group, layer, -tap * dilation) for tap in (-1, 0, 1)]
        for first, end in self.frame.bands(2 * self._height + len(target), self._flat.itemsize, OWN_BYTES):
            for kernel, line in zip(kernels, shifted, strict=True):
                target[:, first:end].addmm_(kernel, line[:, first:end])

    def _add_to_front(self, group: Group, lines: Tensor, scratch: Tensor) -> dict[int, Tensor]:
        """Add to the gradients of the channels in front of a group; the gradients of the group's kernels."""
        kernels = self.parameters.front(group)[:, 1:].t().to(self._flat.dtype)
        below, within = self.wanted.below(group), self.wanted.within(group)
        images, target = (
            self._flat_images[: self.spec.front(group.layers[-1])],
            self._flat[1 : group.channels],
        )
        sums = self._flat.new_zeros(kernels.shape[1], len(images))
        for first, end, spread in self._spread_bands(group, lines, scratch):
            if below:
                target[:, first:end].addmm_(kernels, spread)
            if within:
                sums.addmm_(spread, images[:, first:end].t().to(sums.dtype))
        return kernels_of(self.spec, group, sums) if within else {}

    def _spread_bands(
        self, group: Group, lines: Tensor, scratch: Tensor
    ) -> Iterator[tuple[int, int, Tensor]]:
        """Bands (first, end, planes): line gradients moved to the taps along the row, one plane a tap."""
        spec, pixels = self.spec, self._flat.shape[1]
        for first, end in self.frame.bands(self._largest, self._flat.itemsize):
            size = len(group.layers) * spec.taps * spec.width * (end - first)
            planes = scratch[:size].view(len(group.layers), spec.lines, 3, spec.width, end - first)
            spread_columns(spec, self.frame.margin, group, lines, pixels, first, planes)
            yield first, end, planes.view(-1, end - first)
