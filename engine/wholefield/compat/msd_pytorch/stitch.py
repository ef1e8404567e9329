"""Stitching: layers share one buffer of channels, and the gradient finds its way through a second one.

* slow: concatenate two inputs; for tests.
* copy: write the input into the buffer ``L`` at a channel and return all channels up to and including it.
* lazy: the same for an input that lies in the buffer already.

Copy and lazy stitching add the gradients of all channels that they return to the buffer ``G`` and hand on the part of
their input. Because the layers of a dense network run backwards in reverse order, ``G`` is then complete.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

__all__ = [
    "StitchBuffer",
    "StitchCopyFunction",
    "StitchCopyModule",
    "StitchLazyFunction",
    "StitchLazyModule",
    "StitchSlowFunction",
    "stitchCopy",
    "stitchLazy",
    "stitchSlow",
]


class StitchBuffer:
    """The layers of a stitched network and their gradients.

    Attributes:
        L: (batch, channels, ...), written by the forward pass.
        G: The same shape, gradients, summed by the backward pass.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer
        >>> buffer = StitchBuffer()
        >>> buffer.like_(torch.zeros(1, dtype=torch.float64), (1, 4, 8, 8))
        >>> buffer.L.shape, buffer.G.dtype
        (torch.Size([1, 4, 8, 8]), torch.float64)
    """

    def __init__(self) -> None:
        self.L = torch.zeros(1)
        self.G = torch.zeros(1)

    def like_(self, tensor: Tensor, new_shape: tuple[int, ...]) -> None:
        """Give both buffers a shape, with the data type and device of a tensor; their content becomes zero.

        Args:
            tensor: Gives data type and device.
            new_shape: (batch, channels, ...).
        """
        self.L = tensor.new_zeros(new_shape)
        self.G = tensor.new_zeros(new_shape)

    def zero_(self) -> None:
        """Set the gradients to zero, as is due before every backward pass."""
        self.G.zero_()


class StitchSlowFunction(torch.autograd.Function):
    """apply(input1, input2): both, one behind the other along the channels.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchSlowFunction
        >>> StitchSlowFunction.apply(torch.zeros(1, 2, 3), torch.ones(1, 1, 3)).shape
        torch.Size([1, 3, 3])
    """

    @staticmethod
    def forward(ctx: Any, input1: Tensor, input2: Tensor) -> Tensor:
        """Concatenate (batch, channels, ...)."""
        ctx.sizes = [input1.shape[1], input2.shape[1]]
        return torch.cat([input1, input2], 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, ...]:
        """The gradient's channels, each to the input that they came from."""
        return grad_output.split(ctx.sizes, 1)


class StitchCopyFunction(torch.autograd.Function):
    """apply(input, L, G, i): write the input at channel i of L; all channels up to and including it.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchCopyFunction
        >>> buffer, layer = StitchBuffer(), torch.ones(1, 1, 3)
        >>> buffer.like_(layer, (1, 2, 3))
        >>> StitchCopyFunction.apply(layer, buffer.L, buffer.G, 1)[0, :, 0]
        tensor([0., 1.])
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, L: Tensor, G: Tensor, i: int) -> Tensor:
        """(batch, channels, ...) to (batch, i + channels, ...)."""
        # Not detach: what earlier layers have read stays as it is, so autograd must not count this as a change of it.
        L.data[:, i : i + input.shape[1]] = input
        return _stitched(ctx, input, L, G, i)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Add to G; the gradient of the input."""
        return _input_gradient(ctx, grad_output)


class StitchLazyFunction(torch.autograd.Function):
    """apply(input, L, G, i): the input lies at channel i of L already; all channels up to and including it.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchLazyFunction
        >>> buffer, layer = StitchBuffer(), torch.ones(1, 1, 3)
        >>> buffer.like_(layer, (1, 2, 3))
        >>> filled = buffer.L.fill_(7)
        >>> StitchLazyFunction.apply(layer, buffer.L, buffer.G, 1)[0, :, 0]
        tensor([7., 7.])
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, L: Tensor, G: Tensor, i: int) -> Tensor:
        """(batch, channels, ...) to (batch, i + channels, ...)."""
        return _stitched(ctx, input, L, G, i)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Add to G; the gradient of the input."""
        return _input_gradient(ctx, grad_output)


def _stitched(ctx: Any, input: Tensor, L: Tensor, G: Tensor, i: int) -> Tensor:
    ctx.gradients, ctx.start, ctx.stop = G, i, i + input.shape[1]
    return L.data[:, : ctx.stop]


def _input_gradient(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
    # The last layer runs backwards first: its gradient covers all of G, which holds those of an earlier pass.
    if grad_output.shape == ctx.gradients.shape:
        ctx.gradients.zero_()
    ctx.gradients[:, : ctx.stop] += grad_output
    return ctx.gradients[:, ctx.start : ctx.stop].clone(), None, None, None


stitchSlow = StitchSlowFunction.apply
stitchCopy = StitchCopyFunction.apply
stitchLazy = StitchLazyFunction.apply


class StitchCopyModule(nn.Module):
    """Copy stitching into a buffer.

    Args:
        buffer: The shared buffer.
        i: Channel at which the input is written.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchCopyModule
        >>> buffer, layer = StitchBuffer(), torch.ones(1, 1, 3)
        >>> buffer.like_(layer, (1, 2, 3))
        >>> StitchCopyModule(buffer, 1)(layer)[0, :, 0]
        tensor([0., 1.])
    """

    def __init__(self, buffer: StitchBuffer, i: int) -> None:
        super().__init__()
        self.buffer, self.i = buffer, i

    def forward(self, input: Tensor) -> Tensor:
        """(batch, channels, ...) to (batch, i + channels, ...)."""
        result: Tensor = stitchCopy(input, self.buffer.L, self.buffer.G, self.i)
        return result


class StitchLazyModule(nn.Module):
    """Lazy stitching in a buffer.

    Args:
        buffer: The shared buffer.
        i: Channel at which the input lies already.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchLazyModule
        >>> buffer, layer = StitchBuffer(), torch.ones(1, 1, 3)
        >>> buffer.like_(layer, (1, 2, 3))
        >>> filled = buffer.L.fill_(7)
        >>> StitchLazyModule(buffer, 1)(layer)[0, :, 0]
        tensor([7., 7.])
    """

    def __init__(self, buffer: StitchBuffer, i: int) -> None:
        super().__init__()
        self.buffer, self.i = buffer, i

    def forward(self, input: Tensor) -> Tensor:
        """(batch, channels, ...) to (batch, i + channels, ...)."""
        result: Tensor = stitchLazy(input, self.buffer.L, self.buffer.G, self.i)
        return result
