"""Mixed-scale dense layers as torch modules: the block, the final layer, both together, and how kernels start."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

import wholefield.networks.msd.streaming.rules  # noqa: F401  (teaches the streaming engine these networks)
from wholefield.networks.msd.errors import OptionError
from wholefield.networks.msd.kernel.functions import msd_block, msd_network
from wholefield.networks.msd.spec import DEFAULT_DILATIONS, repeat_dilations, units_in_front
from wholefield.networks.msd.streaming.strips import network_in_strips


def init_convolution_weights(conv_weight: Tensor, c_in: int, c_out: int, width: int, depth: int) -> None:
    """Draw a kernel, in place, from N(0, sqrt(2 / (k * (c_in + width * (depth - 1)) + c_out))).

    k is the number of taps, 9 or 27 (Pelt and Sethian 2017, doi 10.1073/pnas.1715832114).

    Args:
        conv_weight: (width, channels, 3, 3[, 3]).
        c_in: Input channels of the network.
        c_out: Output channels of the network.
        width: Channels that every layer adds.
        depth: Number of hidden layers.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import init_convolution_weights
        >>> weight = torch.zeros(8, 32, 3, 3)
        >>> init_convolution_weights(weight, c_in=1, c_out=1, width=1, depth=32)
        >>> 0.07 < weight.std() < 0.1
        tensor(True)
    """
    taps = math.prod(conv_weight.shape[2:])
    nn.init.normal_(conv_weight, 0.0, math.sqrt(2 / (taps * (c_in + width * (depth - 1)) + c_out)))


class MSDBlock(nn.Module):
    """The hidden layers of a mixed-scale dense network.

    Parameters are one shared ``bias`` (depth * width,) and ``weight0``, ``weight1``, ..., one kernel a layer.

    Args:
        in_channels: Input channels.
        dilations: Dilation of every layer, in pixels; its length is the depth.
        width: Channels that every layer adds.
        ndim: Spatial axes, 2 or 3.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDBlock
        >>> block = MSDBlock(1, (1, 2, 4), width=2, ndim=3)
        >>> block(torch.zeros(1, 1, 5, 6, 7)).shape
        torch.Size([1, 7, 5, 6, 7])
    """

    def __init__(self, in_channels: int, dilations: Iterable[int], width: int = 1, ndim: int = 2) -> None:
        super().__init__()
        self.in_channels, self.width, self.ndim = in_channels, width, ndim
        self.dilations = tuple(int(dilation) for dilation in dilations)
        self.bias = nn.Parameter(torch.zeros(self.depth * width))
        for layer in range(self.depth):
            shape = (width, units_in_front(in_channels, width, layer), *(3,) * ndim)
            self.register_parameter(f"weight{layer}", nn.Parameter(torch.empty(shape)))
        self.reset_parameters(c_out=0)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.dilations)

    @property
    def out_channels(self) -> int:
        """Channels of the output: the input's and those of every layer."""
        return units_in_front(self.in_channels, self.width, self.depth)

    @property
    def weights(self) -> list[Tensor]:
        """The kernels, first layer first."""
        return [getattr(self, f"weight{layer}") for layer in range(self.depth)]

    def reset_parameters(self, c_out: int) -> None:
        """Draw new kernels for a network with that many output channels; biases become zero."""
        nn.init.zeros_(self.bias)
        for weight in self.weights:
            init_convolution_weights(weight, self.in_channels, c_out, self.width, self.depth)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, [slice,] row, column) to (batch, out_channels, [slice,] row, column)."""
        return msd_block(input, self.dilations, self.bias, self.weights)

    def extra_repr(self) -> str:
        """What printing the module shows."""
        return (
            f"{self.in_channels}, depth={self.depth}, width={self.width}, ndim={self.ndim}, "
            f"dilations={sorted(set(self.dilations))}"
        )


class MSDFinalLayer(nn.Module):
    """A linear combination of all channels and a bias for every output channel, both zero at the start.

    Args:
        c_in: Input channels: those of the image and of every hidden layer.
        c_out: Output channels.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDFinalLayer
        >>> MSDFinalLayer(5, 2)(torch.ones(1, 5, 4, 4)).abs().max().item()
        0.0
    """

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(c_in, c_out, 1)
        nn.init.zeros_(self.linear.weight)
        if self.linear.bias is not None:
            nn.init.zeros_(self.linear.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, c_in, ...) to (batch, c_out, ...), for any number of spatial axes."""
        combined: Tensor = self.linear(input.flatten(2))
        return combined.unflatten(2, input.shape[2:])


class MSDModule(nn.Module):
    """A mixed-scale dense network: a block and a linear combination of all its channels.

    The combination starts at zero, so that a new network gives zero everywhere.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Number of hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own.
        ndim: Spatial axes, 2 or 3.

    Raises:
        OptionError: A number is too small (a ValueError).

    Attributes:
        strip: Rows (slices) whose gradients are computed at once, to train on images that do not fit in memory; set it
            at any time. None computes the whole image at once, which is faster.
        computes_in: Type in which the network is computed, its parameters and their gradients keeping their own;
            torch.bfloat16 takes half the memory. None computes in the type of the parameters.

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDModule
        >>> module = MSDModule(1, 3, depth=4, width=1, dilations=[1, 2, 4, 8])
        >>> module.strip = 16
        >>> module(torch.zeros(2, 1, 40, 20)).shape
        torch.Size([2, 3, 40, 20])
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        ndim: int = 2,
    ) -> None:
        super().__init__()
        given = tuple(dilations)
        if min(c_in, c_out, depth, width, *given) < 1 or not given or ndim not in (2, 3):
            raise OptionError(
                f"A network of {c_in} channels in, {c_out} out, depth {depth}, width {width}, dilations {list(given)} "
                f"in {ndim} dimensions is not possible: each must be at least 1, and the dimensions 2 or 3."
            )
        self.c_in, self.c_out, self.depth, self.width, self.ndim = c_in, c_out, depth, width, ndim
        self.strip: int | None = None
        self.computes_in: torch.dtype | None = None
        self.msd_block = MSDBlock(c_in, repeat_dilations(given, depth), width, ndim)
        self.msd_block.reset_parameters(c_out)
        self.final_layer = MSDFinalLayer(self.msd_block.out_channels, c_out)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every layer."""
        return self.msd_block.dilations

    def forward(self, input: Tensor) -> Tensor:
        """(batch, c_in, [slice,] row, column) to (batch, c_out, [slice,] row, column)."""
        block, linear = self.msd_block, self.final_layer.linear
        assert linear.bias is not None
        kind, own = self.computes_in, linear.weight.dtype
        bias, *weights, final, last = (
            tensor if kind is None else tensor.to(kind)
            for tensor in (block.bias, *block.weights, linear.weight, linear.bias)
        )
        input = input if kind is None else input.to(kind)
        parameters = (block.dilations, bias, weights, final, last)
        # The streaming engine has strips of its own.
        if self.strip is not None and not torch.overrides.has_torch_function((input,)):
            result = network_in_strips(input, *parameters, self.strip)
        else:
            result = msd_network(input, *parameters)
        return result if kind is None else result.to(own)
