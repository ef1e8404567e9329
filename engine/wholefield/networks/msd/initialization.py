"""How the kernels of a mixed-scale dense network start."""

import math

from torch import Tensor, nn


def init_convolution_weights(conv_weight: Tensor, c_in: int, c_out: int, width: int, depth: int) -> None:
    """Draw a kernel, in place, from N(0, sqrt(2 / (k * (c_in + width * (depth - 1)) + c_out))).

    k is the number of taps, 9 or 27 (Pelt and Sethian 2017, doi 10.1073/pnas.1715832114).

    Args:
        conv_weight: (width, channels, 3, 3[, 3]).
        c_in: Input channels of the network.
        c_out: Output channels of the network.
        width: Channels that every layer adds.
        depth: Number of hidden layers.
    """
    taps = math.prod(conv_weight.shape[2:])
    nn.init.normal_(conv_weight, 0.0, math.sqrt(2 / (taps * (c_in + width * (depth - 1)) + c_out)))
