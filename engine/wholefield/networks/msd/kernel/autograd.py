"""Mixed-scale dense blocks and networks as torch autograd functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wholefield.networks.msd.kernel.backward import BackwardPass, Wanted
from wholefield.networks.msd.kernel.borders import fill_margins
from wholefield.networks.msd.kernel.buffers import POOL, Lease, borrowed
from wholefield.networks.msd.kernel.forward import ForwardPass
from wholefield.networks.msd.kernel.frame import Frame
from wholefield.networks.msd.kernel.parameters import Parameters, as_kernel
from wholefield.networks.msd.spec import BlockSpec


@dataclass(frozen=True)
class Computed:
    """All channels of a block, in a buffer that goes back to the pool when nothing refers to them any more.

    Attributes:
        spec: Shape of the block.
        frame: Layout of the pixels.
        lease: The buffer.
    """

    spec: BlockSpec
    frame: Frame
    lease: Lease

    @property
    def flat(self) -> Tensor:
        """The block's channels without the one of ones: (channels, pixels with margins)."""
        return self.lease.tensor[1:].view(self.spec.channels, -1)


def compute(spec: BlockSpec, parts: Sequence[Tensor], parameters: Parameters) -> Computed:
    """Run a block forward on c_in channels in one or several parts, (batch, channels, [slice,] row, column)."""
    frame = Frame(parts[0].shape[0], tuple(parts[0].shape[2:]), spec.margin)
    lease = POOL.borrow(frame.padded(spec.stored), parts[0])
    lease.tensor[0].fill_(1)
    first = lease.tensor[1 : 1 + spec.c_in]
    for target, part in zip(first.split([part.shape[1] for part in parts]), parts, strict=True):
        frame.inside(target).copy_(part.transpose(0, 1))
    fill_margins(first, frame.margin)
    ForwardPass(spec, frame, parameters, lease.tensor).run()
    return Computed(spec, frame, lease)


def outward(frame: Frame, flat: Tensor) -> Tensor:
    """Channels with margins (channels, pixels) as a new tensor (batch, channels, [slice,] row, column)."""
    return frame.inside(flat.view(frame.padded(flat.shape[0]))).transpose(0, 1).contiguous()


def inward(frame: Frame, gradient: Tensor, out: Tensor) -> None:
    """Write (batch, channels, [slice,] row, column) into (channels, pixels with margins), zero in the margins."""
    extended = out.view(frame.padded(out.shape[0]))
    extended[..., : frame.margin] = 0
    extended[..., frame.margin + frame.columns :] = 0
    frame.inside(extended).copy_(gradient.transpose(0, 1))


def differentiate(
    computed: Computed, parameters: Parameters, weights: Sequence[Tensor], gradients: Tensor, wanted: Wanted
) -> tuple[Tensor | None, Tensor, list[Tensor | None]]:
    """Gradients of a block's input, biases and kernels, given those of its output.

    Args:
        computed: What the forward pass left.
        parameters: The block's parameters as matrices.
        weights: The block's kernels.
        gradients: (stored channels, image, [slice,] row, column with margins); overwritten.
        wanted: What is asked for.
    """
    spec, frame, images = computed.spec, computed.frame, computed.lease.tensor
    matrices = BackwardPass(spec, frame, parameters, images, gradients, wanted).run()
    image = None
    if wanted.input:
        image = outward(frame, gradients[1 : 1 + spec.c_in].flatten(1)).to(images.dtype)
    return image, *as_parameters(spec, matrices, weights, images)


def as_parameters(
    spec: BlockSpec, matrices: dict[int, Tensor], weights: Sequence[Tensor], like: Tensor
) -> tuple[Tensor, list[Tensor | None]]:
    """Gradients of biases and kernels from those of some layers' matrices in :class:`Parameters`."""
    bias = like.new_zeros(spec.depth, spec.width)
    kernels: list[Tensor | None] = [None] * spec.depth
    for layer, matrix in matrices.items():
        bias[layer] = matrix[:, 0].view(spec.taps, spec.width)[spec.taps // 2]
        kernels[layer] = as_kernel(matrix[:, 1:], weights[layer].shape).to(weights[layer].dtype)
    return bias.view(-1), kernels


class MSDBlockFunction(torch.autograd.Function):
    """A block; its output holds the input and every layer."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, spec: BlockSpec, bias: Tensor, *weights: Tensor) -> Tensor:
        """Compute all channels: (batch, c_in + depth * width, [slice,] row, column)."""
        ctx.computed = compute(spec, [image], Parameters.pack(spec, weights, bias))
        ctx.save_for_backward(bias, *weights)
        return outward(ctx.computed.frame, ctx.computed.flat)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of image, bias and kernels."""
        bias, *weights = ctx.saved_tensors
        computed: Computed = ctx.computed
        needs = ctx.needs_input_grad
        wanted = Wanted.of(needs[0], needs[2], needs[3:])
        wide = grad_output.new_empty(0, dtype=torch.promote_types(grad_output.dtype, torch.float32))
        with borrowed(computed.lease.tensor.shape, wide) as gradients:
            inward(computed.frame, grad_output, gradients[1:].view(computed.spec.channels, -1))
            parameters = Parameters.pack(computed.spec, weights, bias)
            image, biases, kernels = differentiate(computed, parameters, weights, gradients, wanted)
        return image, None, biases if needs[2] else None, *select(kernels, needs[3:])


class MSDNetworkFunction(torch.autograd.Function):
    """A block and the linear combination of all its channels, without ever handing the channels out."""

    @staticmethod
    def forward(
        ctx: Any,
        image: Tensor,
        spec: BlockSpec,
        bias: Tensor,
        final: Tensor,
        final_bias: Tensor,
        *weights: Tensor,
    ) -> Tensor:
        """Compute the output: (batch, c_out, [slice,] row, column)."""
        ctx.computed = compute(spec, [image], Parameters.pack(spec, weights, bias))
        ctx.save_for_backward(bias, final, *weights)
        return combine(ctx.computed, final, final_bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of image, bias, final weight and bias, and kernels."""
        bias, final, *weights = ctx.saved_tensors
        needs = (ctx.needs_input_grad[0], *ctx.needs_input_grad[2:])
        image, *others = network_gradients(ctx.computed, bias, final, weights, gradient, needs)
        return image, None, *others


def network_gradients(
    computed: Computed,
    bias: Tensor,
    final: Tensor,
    weights: Sequence[Tensor],
    gradient: Tensor,
    needs: Sequence[bool],
) -> list[Tensor | None]:
    """Gradients of a network's image, bias, final weight, final bias and kernels, given that of its output.

    Args:
        computed: What the forward pass left.
        bias: (depth * width,).
        final: (c_out, channels[, 1]).
        weights: The kernels.
        gradient: (batch, c_out, [slice,] row, column).
        needs: Which gradients are asked for, in the order of the result.

    Returns:
        None where no gradient is asked for.
    """
    wanted = Wanted.of(needs[0], needs[1], needs[4:])
    wide = gradient.new_empty(0, dtype=torch.promote_types(gradient.dtype, torch.float32))
    image = biases = final_gradient = None
    kernels: list[Tensor | None] = [None] * len(weights)
    pixels = computed.flat.shape[1]
    with borrowed((len(final), pixels), wide) as lines:
        inward(computed.frame, gradient, lines)
        if needs[2]:
            final_gradient = torch.mm(lines.to(computed.flat.dtype), computed.flat.t()).view_as(final)
        if wanted.input or any(wanted.layers):
            with borrowed(computed.lease.tensor.shape, wide) as gradients:
                torch.mm(final.flatten(1).t().to(lines.dtype), lines, out=gradients[1:].view(-1, pixels))
                parameters = Parameters.pack(computed.spec, weights, bias)
                image, biases, kernels = differentiate(computed, parameters, weights, gradients, wanted)
    final_bias = gradient.transpose(0, 1).flatten(1).sum(1)
    return select([image, biases, final_gradient, final_bias, *kernels], needs)


def select(gradients: Sequence[Tensor | None], needs: Sequence[bool]) -> list[Tensor | None]:
    """The gradients that are needed, None in place of the others."""
    return [gradient if need else None for gradient, need in zip(gradients, needs, strict=True)]


def combine(computed: Computed, final: Tensor, final_bias: Tensor) -> Tensor:
    """Linear combination of all channels: (batch, c_out, [slice,] row, column)."""
    return outward(computed.frame, torch.addmm(final_bias.view(-1, 1), final.flatten(1), computed.flat))
