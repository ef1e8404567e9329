"""Convolutions by oneDNN with weights that are kept packed, on a CPU, without gradients.

torch packs the weights of a convolution for every call, and runs 1x1 convolutions of single images on one thread.
oneDNN's own activations would save a pass over the result, but its ReLU turns a NaN into 0; torch's keeps it.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula


def available(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether there are such convolutions here."""
    here = torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    return bool(here) and device.type == "cpu" and dtype == torch.float32


class PackedWeight:
    """The weight of one convolution in the order in which it is read for blocks of the size that came last.

    Of another size it may be read in another order; oneDNN would reorder it then at every call, which can take three
    times as long as the convolution.
    """

    def __init__(self, stride: Sequence[int], dilation: Sequence[int], groups: int) -> None:
        """Nothing is packed yet.

        Args:
            stride: Per axis.
            dilation: Per axis.
            groups: Groups of channels.
        """
        self._options = [0, 0], list(stride), list(dilation), groups
        # Replaced as one, for several threads may be here; at worst two of them pack the same.
        self._last: tuple[torch.Size, Tensor] | None = None

    def convolve(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """A convolution without padding; autograd does not see it.

        Args:
            input: (batch, channels in, height, width), float32, fastest with its channels last.
            weight: (channels out, channels in / groups, height, width), the same at every call.
            bias: (channels out,) or None.

        Returns:
            (batch, channels out, *positions), in the memory format of the input.
        """
        last = self._last
        if last is None or last[0] != input.shape:
            packed = torch.ops.mkldnn._reorder_convolution_weight(weight, *self._options, list(input.shape))
            self._last = last = input.shape, packed
        return torch.ops.mkldnn._convolution_pointwise(input, last[1], bias, *self._options, "none", [], "")


@register_flop_formula(torch.ops.mkldnn._convolution_pointwise)
def _operations(_: Any, weight: Sequence[int], *__: Any, out_shape: Sequence[int], **___: Any) -> int:
    return 2 * prod(out_shape) * prod(weight[1:])
