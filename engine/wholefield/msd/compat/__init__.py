"""Building blocks of msd_pytorch that scripts may use on their own; the network itself does not need them."""

from wholefield.msd.compat import conv, conv_relu, relu_inplace, stitch

__all__ = ["conv", "conv_relu", "relu_inplace", "stitch"]
