"""The flow networks by their documented names.

Each is a U-Net regressor: called with features (T, B, C, H, W) it returns a list of flows, coarsest first, each
(T, B, 2, h, w), x then y, in pixels of its own level per time bin; the last one has the size of the features.
"""

from collections.abc import Callable, Mapping
from typing import Any

from wholefield.errors import SettingError
from wholefield.networks.flow.recurrent import ResidualRecurrence, recurrence
from wholefield.networks.flow.unet import FlowUNet


def eminet(
    n_input_channels: int,
    base: int = 16,
    scales: int = 3,
    separable: bool = True,
    rnn_cell: str = "lstm",
    **kwargs: Any,
) -> FlowUNet:
    """U-Net regressor with depthwise separable convolutions, also in the recurrent middle: the smallest footprint.

    Args:
        n_input_channels: Channels C of the features.
        base: Channels of the first layer; scales=2 and base=4 give layers of [4, 8, 16, 8, 4] channels.
        scales: Convolutional layers of the encoder, and of the decoder.
        separable: Whether convolutions are depthwise separable: far fewer parameters, but harder to train.
        rnn_cell: Type of the recurrent cell, lstm or gru.
        **kwargs: Accepted for the documented signature; must be empty.

    Returns:
        The network, with random weights.

    Raises:
        SettingError: A value is out of range, or an argument is unknown.

    Example:
        >>> import torch
        >>> from wholefield.networks.flow import eminet
        >>> flows = eminet(6, base=4, scales=2)(torch.zeros(3, 1, 6, 24, 32))
        >>> [tuple(flow.shape) for flow in flows]
        [(3, 1, 2, 12, 16), (3, 1, 2, 24, 32)]
    """
    _refuse(kwargs)
    return _unet(n_input_channels, base, scales, (separable, separable), False, rnn_cell)


def eminet_non_sep(
    n_input_channels: int, base: int = 16, scales: int = 3, rnn_cell: str = "lstm", **kwargs: Any
) -> FlowUNet:
    """`eminet` with full convolutions instead of depthwise separable ones.

    Args:
        n_input_channels: Channels C of the features.
        base: Channels of the first layer.
        scales: Convolutional layers of the encoder, and of the decoder.
        rnn_cell: Type of the recurrent cell, lstm or gru.
        **kwargs: Accepted for the documented signature; must be empty.

    Returns:
        The network, with random weights.

    Raises:
        SettingError: A value is out of range, or an argument is unknown.

    Example:
        >>> from wholefield.networks.flow import eminet, eminet_non_sep
        >>> full, separable = eminet_non_sep(6, base=4), eminet(6, base=4)
        >>> sum(p.numel() for p in full.parameters()) > 3 * sum(p.numel() for p in separable.parameters())
        True
    """
    _refuse(kwargs)
    return _unet(n_input_channels, base, scales, (False, False), False, rnn_cell)


def midinet(
    n_input_channels: int,
    base: int = 16,
    scales: int = 3,
    separable: bool = True,
    rnn_cell: str = "lstm",
    **kwargs: Any,
) -> FlowUNet:
    """`eminet` with a squeeze-and-excitation layer after every block; the recurrent middle has full convolutions.

    Args:
        n_input_channels: Channels C of the features.
        base: Channels of the first layer.
        scales: Convolutional layers of the encoder, and of the decoder.
        separable: Whether the convolutions of encoder and decoder are depthwise separable.
        rnn_cell: Type of the recurrent cell, lstm or gru.
        **kwargs: Accepted for the documented signature; must be empty.

    Returns:
        The network, with random weights.

    Raises:
        SettingError: A value is out of range, or an argument is unknown.

    Example:
        >>> from wholefield.networks.flow import SqueezeExcite, midinet
        >>> sum(isinstance(layer, SqueezeExcite) for layer in midinet(6, base=4, scales=2).modules())
        4
    """
    _refuse(kwargs)
    return _unet(n_input_channels, base, scales, (separable, False), True, rnn_cell)


def midinet2(
    n_input_channels: int,
    base: int = 16,
    scales: int = 3,
    separable: bool = True,
    rnn_cell: str = "lstm",
    depth: int = 1,
) -> FlowUNet:
    """`midinet` with several recurrent layers in the middle, each after the first with a residual connection.

    Args:
        n_input_channels: Channels C of the features.
        base: Channels of the first layer.
        scales: Convolutional layers of the encoder, and of the decoder.
        separable: Whether the convolutions of encoder and decoder are depthwise separable.
        rnn_cell: Type of the recurrent cell, lstm or gru.
        depth: Recurrent layers, at least 1.

    Returns:
        The network, with random weights.

    Raises:
        SettingError: A value is out of range.

    Example:
        >>> from wholefield.networks.flow import ConvRecurrence, midinet2
        >>> network = midinet2(6, base=4, scales=2, depth=3)
        >>> sum(isinstance(layer, ConvRecurrence) for layer in network.modules())
        3
    """
    return _unet(n_input_channels, base, scales, (separable, False), True, rnn_cell, depth)


FEATURE_EXTRACTORS: Mapping[str, Callable[..., FlowUNet]] = {
    "eminet": eminet,
    "eminet_non_sep": eminet_non_sep,
    "midinet": midinet,
    "midinet2": midinet2,
}


def build_feature_extractor(name: str, n_input_channels: int, **kwargs: Any) -> FlowUNet:
    """A flow network by name.

    Args:
        name: A key of `FEATURE_EXTRACTORS`.
        n_input_channels: Channels C of the features.
        **kwargs: Further arguments of the network.

    Returns:
        The network, with random weights.

    Raises:
        SettingError: No network has this name, or a value is out of range.

    Example:
        >>> from wholefield.networks.flow import build_feature_extractor
        >>> build_feature_extractor("eminet", 6, base=4, scales=2).scales
        2
    """
    if name not in FEATURE_EXTRACTORS:
        known = ", ".join(FEATURE_EXTRACTORS)
        raise SettingError(f"There is no feature extractor {name!r}; choose one of {known}.")
    return FEATURE_EXTRACTORS[name](n_input_channels, **kwargs)


def _refuse(unknown: Mapping[str, Any]) -> None:
    if unknown:
        raise SettingError(f"The feature extractor has no setting {min(unknown)!r}; remove it.")


def _unet(
    inputs: int,
    base: int,
    scales: int,
    separable: tuple[bool, bool],
    squeeze: bool,
    cell: str,
    depth: int | None = None,
) -> FlowUNet:
    """Build; `separable` is for (encoder and decoder, middle); without a depth the middle is a single layer."""
    for name, value in (("n_input_channels", inputs), ("base", base), ("scales", scales)):
        if value < 1:
            raise SettingError(f"The setting {name} is {value} but must be at least 1.")
    below, channels = base * 2 ** (scales - 1), base * 2**scales
    middle = (
        recurrence(cell, below, channels, separable[1])
        if depth is None
        else ResidualRecurrence(cell, below, channels, separable[1], depth)
    )
    return FlowUNet(inputs, base, scales, separable[0], squeeze, middle)
