"""How mixed-scale dense networks stream: group by group of layers, each an operation that reads a fixed distance.

A group is computed over its output's tile and the distance that all its layers together reach beyond it. Where the tile
ends inside the image the outermost pixels of that block are wrong, by at most the reach, and are cut off; where the
image ends the block ends too and reflects as the image does. So the result is exact.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.networks.msd.kernel.functions import spec_of
from wholefield.networks.msd.kernel.group import msd_group
from wholefield.streaming.geometry.axis import Window
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations import Call, compose, register
from wholefield.streaming.operations.call import Local, Take

# Layers computed together in a tile: more reach further beyond it, fewer hand more tensors from tile to tile.
GROUP = 5


@register("msd_group")
def group_rule(call: Call) -> Local:
    """Consecutive layers of a mixed-scale dense network."""
    arguments = dict(zip(("parts", "dilations", "bias", "weights"), call.args, strict=False)) | dict(
        call.kwargs
    )
    parts, dilations, weights = arguments["parts"], arguments["dilations"], arguments["weights"]
    reach = sum(dilations)
    first = parts[0]
    maps = tuple(Window(length, length, 2 * reach + 1, 1, 1, reach) for length in first.lengths)

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        blocks = [take(part) for part in parts]
        result = msd_group(blocks, dilations, take(arguments["bias"]), [take(weight) for weight in weights])
        for axis_map, axis, (start, stop) in zip(maps, first.axes, out, strict=True):
            result = result.narrow(axis, start - axis_map.needs(start, stop)[0], stop - start)
        return result

    kernel = (2 * reach + 1,) * len(first.axes)
    macs = sum(prod(weight.shape) for weight in weights)
    return Local(maps, first.axes, compute, kernel, (1,) * len(kernel), macs=macs)


def _parts_in_groups(
    image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor]
) -> list[Tensor]:
    """The image and the channels of every group of layers."""
    spec_of(image, dilations, bias, weights)
    parts = [image]
    for start in range(0, len(weights), GROUP):
        some = weights[start : start + GROUP]
        width = some[0].shape[0]
        biases = bias[start * width : (start + len(some)) * width]
        parts.append(msd_group(parts, tuple(dilations[start : start + GROUP]), biases, some))
    return parts


@compose("msd_block")
def block_in_groups(
    image: Tensor, dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor], group: int | None = None
) -> Tensor:
    """A mixed-scale dense block, group by group."""
    return torch.cat(_parts_in_groups(image, dilations, bias, weights), 1)


@compose("msd_network")
def network_in_groups(
    image: Tensor,
    dilations: Sequence[int],
    bias: Tensor,
    weights: Sequence[Tensor],
    final: Tensor,
    final_bias: Tensor,
    group: int | None = None,
) -> Tensor:
    """A mixed-scale dense network, group by group; every group adds its share of the output."""
    convolve = functional.conv2d if image.ndim == 4 else functional.conv3d
    weight = final.reshape(*final.shape[:2], *(1,) * (image.ndim - 2))
    first = 0
    output: Tensor | None = None
    for part in _parts_in_groups(image, dilations, bias, weights):
        share = weight[:, first : first + part.shape[1]]
        first += part.shape[1]
        output = convolve(part, share, final_bias) if output is None else output + convolve(part, share)
    assert output is not None
    return output
