"""Mixed-scale dense blocks and networks as pure functions of tensors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from wholefield.networks.msd.errors import ShapeError
from wholefield.networks.msd.kernel.autograd import (
    MSDBlockFunction,
    MSDNetworkFunction,
    combine,
    compute,
    outward,
)
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import GROUP, BlockSpec


def msd_block(
    image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor], group: int | None = None
) -> Tensor:
    """Mixed-scale dense block (Pelt and Sethian 2017, doi 10.1073/pnas.1715832114).

    Layer i computes relu(convolution(all channels before it) + bias) with its dilation, reflecting the image
    symmetrically at its borders (the border pixel is repeated).

    Args:
        image: (batch, c_in, [slice,] row, column), float32, float64 or bfloat16.
        dilations: One for each layer, in pixels.
        bias: (depth * width,).
        weights: For each layer (width, c_in + layer * width, 3, 3[, 3]).
        group: Layers computed together; as many as measured best when None.

    Returns:
        (batch, c_in + depth * width, [slice,] row, column): the input, then every layer.

    Raises:
        ShapeError: The image does not fit the parameters or is smaller than a dilation (a RuntimeError).

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import msd_block
        >>> weights = [torch.ones(1, 1, 3, 3), torch.ones(1, 2, 3, 3)]
        >>> msd_block(torch.ones(1, 1, 4, 4), (1, 2), torch.zeros(2), weights)[0, :, 0, 0]
        tensor([ 1.,  9., 90.])
    """
    if torch.overrides.has_torch_function((image,)):
        return torch.overrides.handle_torch_function(
            msd_block, (image,), image, dilations, bias, list(weights), group
        )
    with own_precision(image, weights) as image:
        spec = spec_of(image, dilations, bias, weights, group)
        if torch.is_grad_enabled() and any(each.requires_grad for each in (image, bias, *weights)):
            return MSDBlockFunction.apply(image, spec, bias, *weights)
        with torch.no_grad():
            computed = compute(spec, [image], Parameters.pack(spec, weights, bias))
            return outward(computed.frame, computed.flat)


def msd_network(
    image: Tensor,
    dilations: Sequence[int],
    bias: Tensor,
    weights: Sequence[Tensor],
    final: Tensor,
    final_bias: Tensor,
    group: int | None = None,
) -> Tensor:
    """Mixed-scale dense block and the linear combination of all its channels.

    Args:
        image: (batch, c_in, [slice,] row, column), float32, float64 or bfloat16.
        dilations: One for each layer, in pixels.
        bias: (depth * width,).
        weights: For each layer (width, c_in + layer * width, 3, 3[, 3]).
        final: (c_out, c_in + depth * width) or with a last axis of one.
        final_bias: (c_out,).
        group: Layers computed together; as many as measured best when None.

    Returns:
        (batch, c_out, [slice,] row, column).

    Raises:
        ShapeError: The image does not fit the parameters or is smaller than a dilation (a RuntimeError).

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import msd_network
        >>> image, weights = torch.ones(1, 1, 4, 4), [torch.ones(1, 1, 3, 3)]
        >>> msd_network(image, (2,), torch.zeros(1), weights, torch.tensor([[10.0, 1.0]]), torch.zeros(1))[0, 0, 0, 0]
        tensor(19.)
    """
    if torch.overrides.has_torch_function((image,)):
        return torch.overrides.handle_torch_function(
            msd_network, (image,), image, dilations, bias, list(weights), final, final_bias, group
        )
    with own_precision(image, weights) as image:
        spec = spec_of(image, dilations, bias, weights, group)
        parameters = (bias, final, final_bias, *weights)
        if torch.is_grad_enabled() and any(each.requires_grad for each in (image, *parameters)):
            return MSDNetworkFunction.apply(image, spec, *parameters)
        with torch.no_grad():
            return combine(compute(spec, [image], Parameters.pack(spec, weights, bias)), final, final_bias)


def spec_of(
    image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor], group: int | None = None
) -> BlockSpec:
    """The block that parameters describe, checked against an image."""
    c_in = weights[0].shape[1] if weights else image.shape[1]
    width = weights[0].shape[0] if weights else 1
    ndim = weights[0].ndim - 2 if weights else image.ndim - 2
    spec = BlockSpec(c_in, width, tuple(dilations), ndim, group or GROUP)
    check_input(spec, image, weights)
    if len(weights) != spec.depth or bias.numel() != spec.depth * width:
        raise ShapeError(
            f"{spec.depth} dilations of width {width} need as many kernels and {spec.depth * width} biases, "
            f"not {len(weights)} and {bias.numel()}."
        )
    return spec


def check_input(spec: BlockSpec, image: Tensor, weights: Sequence[Tensor]) -> None:
    """Refuse an image that the block cannot process.

    Raises:
        ShapeError: Wrong number of axes or channels, an image smaller than a dilation, or another data type.
    """
    if image.ndim != spec.ndim + 2 or image.shape[1] != spec.c_in:
        raise ShapeError(
            f"The network takes {spec.ndim} spatial axes and {spec.c_in} channels, a tensor of "
            f"{spec.ndim + 2} axes (batch, channel, ...), but was given {tuple(image.shape)}."
        )
    if min(image.shape[2:]) < spec.margin:
        raise ShapeError(
            f"A dilation of {spec.margin} is larger than the image {tuple(image.shape[2:])}: "
            f"use larger images or smaller dilations."
        )
    if weights and image.dtype != weights[0].dtype:
        raise ShapeError(
            f"The image is {image.dtype} and the network {weights[0].dtype}: convert one of them with .to(dtype)."
        )


@contextmanager
def own_precision(image: Tensor, weights: Sequence[Tensor]) -> Iterator[Tensor]:
    """Give the image in the precision of the weights, and turn autocast off; without autocast give it as it is.

    Sums over hundreds of channels would lose digits in the types that autocast chooses; a network converted with
    .bfloat16() takes half the memory without that loss.
    """
    kind = image.device.type
    if not torch.is_autocast_enabled(kind):
        yield image
        return
    with torch.autocast(kind, enabled=False):
        yield image.to(weights[0].dtype) if weights else image
