"""Mixed-scale dense blocks and the fast network around them, as torch modules."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

import wholefield.networks.msd.streaming  # noqa: F401  (teaches the streaming engine these networks)
from wholefield.networks.msd.autograd import MSDBlockFunction
from wholefield.networks.msd.errors import OptionError
from wholefield.networks.msd.final_layer import MSDFinalLayer
from wholefield.networks.msd.initialization import init_convolution_weights
from wholefield.networks.msd.kernel import msd_block, msd_network, spec_of
from wholefield.networks.msd.spec import DEFAULT_DILATIONS, repeat_dilations, units_in_front
from wholefield.networks.msd.strips import network_in_strips

__all__ = ["MSDBlock", "MSDBlock2d", "MSDBlockImpl2d", "MSDModule2d", "MSDModule", "msdblock2d"]


class MSDBlockImpl2d(MSDBlockFunction):
    """A block as an autograd function: apply(input, dilations, bias, *weights)."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, input: Tensor, dilations: Sequence[int], bias: Tensor, *weights: Tensor
    ) -> Tensor:
        """Compute all channels: (batch, c_in + depth * width, row, column)."""
        spec = spec_of(input, dilations, bias, weights)
        return MSDBlockFunction.forward(ctx, input, spec, bias, *weights)


msdblock2d = MSDBlockImpl2d.apply


class MSDBlock(nn.Module):
    """The hidden layers of a mixed-scale dense network.

    Parameters are one shared ``bias`` (depth * width,) and ``weight0``, ``weight1``, ..., one kernel a layer.

    Args:
        in_channels: Input channels.
        dilations: Dilation of every layer, in pixels; its length is the depth.
        width: Channels that every layer adds.
        ndim: Spatial axes, 2 or 3.
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
        """Draw new kernels for a network with so many output channels; biases become zero."""
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


class MSDBlock2d(MSDBlock):
    """Hidden layers over images.

    Args:
        in_channels: Input channels.
        dilations: Dilation of every layer, in pixels; its length is the depth.
        width: Channels that every layer adds.
    """

    def __init__(self, in_channels: int, dilations: Iterable[int], width: int = 1) -> None:
        super().__init__(in_channels, dilations, width, 2)


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
        self.msd_block = self._block(repeat_dilations(given, depth))
        self.msd_block.reset_parameters(c_out)
        self.final_layer = MSDFinalLayer(self.msd_block.out_channels, c_out)

    def _block(self, dilations: tuple[int, ...]) -> MSDBlock:
        return MSDBlock(self.c_in, dilations, self.width, self.ndim)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every layer."""
        return self.msd_block.dilations

    def forward(self, input: Tensor) -> Tensor:
        """(batch, c_in, [slice,] row, column) to (batch, c_out, [slice,] row, column)."""
        block, linear = self.msd_block, self.final_layer.linear
        assert linear.bias is not None
        parameters = (block.dilations, block.bias, block.weights, linear.weight, linear.bias)
        # The streaming engine has strips of its own.
        if self.strip is not None and not torch.overrides.has_torch_function((input,)):
            return network_in_strips(input, *parameters, self.strip)
        return msd_network(input, *parameters)


class MSDModule2d(MSDModule):
    """A mixed-scale dense network over images.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Number of hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
    """

    def __init__(
        self, c_in: int, c_out: int, depth: int, width: int, dilations: Iterable[int] = DEFAULT_DILATIONS
    ) -> None:
        super().__init__(c_in, c_out, depth, width, dilations, 2)

    def _block(self, dilations: tuple[int, ...]) -> MSDBlock:
        return MSDBlock2d(self.c_in, dilations, self.width)
