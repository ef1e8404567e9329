"""Mixed-scale dense networks over images of any size, computed row by row."""

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.kernel.functions import spec_of
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.modules import MSDModule
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.streaming.rows import STEP, ReadRows, RowStream

# All channels of an image may take so much memory at once; beyond it the image is computed row by row.
CHANNEL_BYTES = 1 << 30


@torch.no_grad()
def stream_rows(
    network: MSDModule, read: ReadRows, shape: Sequence[int], step: int = STEP
) -> Iterator[tuple[int, Tensor]]:
    """Run a network over an image of any height, given and returned row by row; equal to the network on the whole.

    Memory is that of the channels over as many rows (slices) as the dilations add up to, whatever the
    height.

    Args:
        network: The network.
        read: Gives rows [first, end) of the image, (c_in, rows, [row,] column); called in order, once a row.
        shape: (rows, columns) or (slices, rows, columns) of the image.
        step: Rows (slices) read at once.

    Yields:
        First row and block (c_out, rows, [row,] column) of the output, in order.

    Raises:
        ShapeError: The image is smaller than a dilation.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDModule, stream_rows
        >>> module, image = MSDModule(1, 1, depth=3, width=1), torch.zeros(1, 60, 20)
        >>> blocks = stream_rows(module, lambda first, end: image[:, first:end], (60, 20))
        >>> sum(block.shape[1] for first, block in blocks)
        60
    """
    block, linear = network.msd_block, network.final_layer.linear
    like = linear.weight.detach()
    image = like.new_empty(1).expand(1, network.c_in, *shape)
    spec = spec_of(image, block.dilations, block.bias, block.weights)
    parameters = Parameters.pack(spec, block.weights, block.bias)
    assert linear.bias is not None
    yield from RowStream(spec, parameters, shape, like, step).run(read, like.flatten(1), linear.bias)


@torch.no_grad()
def predict_rows(
    network: MSDNetwork, read: ReadRows, shape: Sequence[int], step: int = STEP
) -> Iterator[tuple[int, Tensor]]:
    """The output of a network, in memory that does not grow with the image's height (a volume's depth).

    Args:
        network: The network.
        read: Gives rows (slices) [first, end) of the image, (c_in, rows, [row,] column); called in order, once a row.
        shape: (rows, columns) or (slices, rows, columns) of the image.
        step: Rows (slices) read at once.

    Yields:
        First row and block (c_out, rows, [row,] column): predicted values, or the logarithm of the probability of
        each label; in order.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDNetwork, predict_rows
        >>> network, image = MSDNetwork(1, 2, depth=3, task="segmentation"), torch.zeros(1, 60, 20)
        >>> first, block = next(predict_rows(network, lambda first, end: image[:, first:end], (60, 20)))
        >>> first, block.shape[0], block.exp().sum(0).mean().item()
        (0, 2, 1.0)
    """

    def scaled(first: int, end: int) -> Tensor:
        return _normalized(network, read(first, end)[None])[0]

    for first, block in stream_rows(network.msd, scaled, shape, step):
        yield first, _answer(network, block[None])[0]


def _normalized(network: MSDNetwork, images: Tensor) -> Tensor:
    """Images as the network takes them; one of less precision must not round them before they are normalized."""
    weight = network.scale_in.weight
    scaled: Tensor = network.scale_in(images.to(device=weight.device, dtype=weight.dtype))
    return scaled.to(network.msd.final_layer.linear.weight.dtype)


def _answer(network: MSDNetwork, output: Tensor) -> Tensor:
    """What a network makes of the output of its layers."""
    output = output.to(network.scale_in.weight.dtype)
    if network.task is Task.SEGMENTATION:
        return output.log_softmax(1)
    values: Tensor = network.scale_out(output)
    return values


@torch.no_grad()
def predict_image(network: MSDNetwork, image: Tensor) -> Tensor:
    """The output of a network for one image or volume, in whole where its channels fit in memory, else row by row.

    Args:
        network: The network.
        image: (c_in, [slice,] row, column).

    Returns:
        (c_out, [slice,] row, column), on the device of the image.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDNetwork, predict_image
        >>> predict_image(MSDNetwork(1, 2, depth=3), torch.zeros(1, 16, 20)).shape
        torch.Size([2, 16, 20])
    """
    if fits(network, image.shape[1:]):
        output = _answer(network, network.msd(_normalized(network, image[None])))[0]
        return output.to(device=image.device, dtype=image.dtype)
    return predict(network, image)


def fits(network: MSDNetwork, shape: Sequence[int]) -> bool:
    """Whether the memory set aside for channels holds all those of a network over ([slices,] rows, columns)."""
    weight = network.msd.final_layer.linear.weight
    return weight.shape[1] * prod(shape) * weight.itemsize <= CHANNEL_BYTES


def predict(network: MSDNetwork, image: Tensor, step: int = STEP) -> Tensor:
    """The output of a network for one image or volume: (c_in, [slice,] row, column) to (c_out, [slice,] row, column).

    Memory beyond that of input and output does not grow with the image's height (a volume's depth).
    """
    shape = image.shape[1:]
    output = image.new_empty(network.c_out, *shape)
    for first, block in predict_rows(network, lambda first, end: image[:, first:end], shape, step):
        output[:, first : first + block.shape[1]] = block
    return output
