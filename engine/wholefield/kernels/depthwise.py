"""The gradient of the weights of depthwise convolutions, on a CPU several times as fast as torch's own.

It is the sum of the products of the gradient with the shifted input, channel by channel. The compiled loops have the
channels last, so that each step is one vector instruction for many channels, and the sums stay in the fastest cache.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from wholefield.kernels.depthwise_lines import add_products
from wholefield.kernels.threads import parts_of, run_compiled

LEAST_CHANNELS = 16
"""With fewer channels the vectors are not filled."""


def suits(input: Tensor, weight: Tensor, stride: Sequence[int], dilation: Sequence[int], groups: int) -> bool:
    """Whether a convolution without padding is one whose `gradients` are computed faster here than by torch.

    Args:
        input: (batch, channels, *axes).
        weight: (channels, channels / groups, *kernel).
        stride: Per axis.
        dilation: Per axis.
        groups: Groups of channels.
    """
    return (
        weight.ndim == 4
        and groups == weight.shape[0] == input.shape[1] >= LEAST_CHANNELS
        and {*stride, *dilation} == {1}
        and prod(weight.shape[2:]) > 1
        and input.device.type == "cpu"
        and input.dtype == weight.dtype
        and input.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
    )


def gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: tuple[bool, bool, bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients of a depthwise convolution with stride 1 and without padding.

    Args:
        gradient: Of the result, (batch, channels, height, width), float32 or float64.
        input: (batch, channels, height + kernel - 1, width + kernel - 1) of the same type.
        weight: (channels, 1, *kernel).
        wants: Whether those of input, weight and bias are requested.

    Returns:
        Those of input, weight and bias, None where it was not requested.
    """
    # That of the input is fast; with that of the bias, torch would compute that of the weights as well.
    grad_input = torch.ops.aten.convolution_backward(
        gradient,
        input,
        weight,
        None,
        [1, 1],
        [0, 0],
        [1, 1],
        False,
        [0, 0],
        len(weight),
        [wants[0], False, False],
    )[0]
    grad_weight = torch.ops.wholefield.depthwise_weights(gradient, input) if wants[1] else None
    return grad_input, grad_weight, gradient.sum((0, 2, 3)) if wants[2] else None


def _weight_gradient(gradient: Tensor, input: Tensor) -> Tensor:
    arriving, pixels = _channels_last(gradient), _channels_last(input)
    batch, height, width, channels = gradient.shape[0], *gradient.shape[2:], gradient.shape[1]
    kernel = [i - g + 1 for i, g in zip(input.shape[2:], gradient.shape[2:], strict=True)]
    parts = parts_of(0, batch * height, width * channels * prod(kernel))
    sums = gradient.new_zeros(len(parts), *kernel, channels)
    run_compiled(
        [
            (add_products, arriving, pixels, each.numpy(), *part)
            for each, part in zip(sums, parts, strict=True)
        ]
    )
    return sums.sum(0).permute(2, 0, 1).unsqueeze(1).contiguous()


def _channels_last(image: Tensor) -> Any:
    return image.detach().permute(0, 2, 3, 1).contiguous().numpy()


_library = torch.library.Library("wholefield", "FRAGMENT")
_library.define("depthwise_weights(Tensor gradient, Tensor input) -> Tensor")
_library.impl("depthwise_weights", _weight_gradient, "CPU")


@register_flop_formula(torch.ops.wholefield.depthwise_weights)
def _operations(gradient: Sequence[int], *_: Any, out_shape: Sequence[int], **__: Any) -> int:
    return 2 * prod(gradient) * prod(out_shape[2:])
