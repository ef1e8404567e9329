"""Convolutions whose result depends on no statistics of the batch or of the image.

Batch normalization over the few sequences that fit in a batch is noisy in training and wrong in evaluation, and the
statistics of group or instance normalization depend on how many pixels have events, so a crop and the whole sensor
would disagree. Standardizing the weights instead (scaled weight standardization, Brock et al. 2021, arXiv 2101.08692,
section 4.1) keeps the variance of the activations by construction: the result for a sample is the same in any batch
and any crop.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# Makes the variance after a ReLU of a unit normal one again (Brock et al. 2021, appendix D).
RELU_GAIN = math.sqrt(2.0 / (1.0 - 1.0 / math.pi))


class StandardConvolution(nn.Conv2d):
    """A convolution with weights of mean 0 and variance 1 / fan-in per output channel, times a learned gain.

    Args:
        inputs: Input channels.
        outputs: Output channels.
        size: Side of the kernel in px, odd.
        bias: Whether to add a bias per output channel.

    Example:
        >>> from wholefield.networks.flow import StandardConvolution
        >>> layer = StandardConvolution(4, 8)
        >>> bool(layer.standardized().mean((1, 2, 3)).abs().max() < 1e-6)
        True
    """

    def __init__(self, inputs: int, outputs: int, size: int = 3, bias: bool = True) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2, bias=bias)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def standardized(self) -> Tensor:
        """The weights that the convolution uses, (outputs, inputs, size, size)."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        fan_in = self.weight[0].numel()
        return (self.weight - mean) * torch.rsqrt(variance * fan_in + 1e-8) * self.gain

    def forward(self, input: Tensor) -> Tensor:
        """Map images (N, inputs, h, w) to (N, outputs, h, w)."""
        return functional.conv2d(input, self.standardized(), self.bias, padding=self.padding)


class Depthwise(nn.Conv2d):
    """One 3 x 3 kernel per channel.

    Its weights are not standardized: nine weights of mean 0 could only differentiate, never blur.

    Args:
        channels: Input and output channels.

    Example:
        >>> from wholefield.networks.flow import Depthwise
        >>> tuple(Depthwise(8).weight.shape)
        (8, 1, 3, 3)
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=channels, bias=False)
        nn.init.normal_(self.weight, std=1 / 3)


def convolution(inputs: int, outputs: int, separable: bool, bias: bool = True) -> nn.Module:
    """A 3 x 3 convolution, full or depthwise separable (Howard et al. 2017, MobileNets).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        separable: Whether to split it into a depthwise and a pointwise convolution.
        bias: Whether to add a bias per output channel.

    Returns:
        The layer, from (N, inputs, h, w) to (N, outputs, h, w).

    Example:
        >>> from wholefield.networks.flow import convolution
        >>> len(convolution(4, 8, separable=True))
        2
    """
    if separable:
        return nn.Sequential(Depthwise(inputs), StandardConvolution(inputs, outputs, 1, bias))
    return StandardConvolution(inputs, outputs, 3, bias)


class ScaledReLU(nn.Module):
    """ReLU that keeps the variance of a unit normal input.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import ScaledReLU
        >>> ScaledReLU()(torch.tensor([-1.0, 1.0]))
        tensor([0.0000, 1.7129])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply to a tensor of any shape."""
        return functional.relu(input) * RELU_GAIN


class SqueezeExcite(nn.Module):
    """Weight channels by the content of the whole image (Hu et al. 2018, arXiv 1709.01507, eq. 2 to 4).

    The mean over the image is not a local operation, so a network with it cannot be streamed.

    Args:
        channels: Input and output channels.
        reduction: Divisor that gives the hidden channels, of which there are at least 4.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import SqueezeExcite
        >>> SqueezeExcite(8)(torch.zeros(1, 8, 5, 5)).shape
        torch.Size([1, 8, 5, 5])
    """

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        hidden = max(channels // reduction, 4)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, input: Tensor) -> Tensor:
        """Scale each channel of images (N, channels, h, w) by a weight in 0..2; 1 is neutral."""
        mean = input.mean((2, 3), keepdim=True)
        return input * 2 * torch.sigmoid(self.excite(functional.relu(self.squeeze(mean))))


def block(inputs: int, outputs: int, separable: bool, squeeze: bool) -> nn.Sequential:
    """Convolution and ReLU, then channel weights if asked for.

    Args:
        inputs: Input channels.
        outputs: Output channels.
        separable: Whether the convolution is depthwise separable.
        squeeze: Whether to add squeeze-and-excitation.

    Returns:
        The layers, from (N, inputs, h, w) to (N, outputs, h, w).

    Example:
        >>> from wholefield.networks.flow import block
        >>> len(block(4, 8, separable=True, squeeze=True))
        3
    """
    layers: list[nn.Module] = [convolution(inputs, outputs, separable), ScaledReLU()]
    if squeeze:
        layers.append(SqueezeExcite(outputs))
    return nn.Sequential(*layers)
