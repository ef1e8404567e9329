"""The flow networks by their documented names.

Each is a U-Net regressor: called with features (T, B, C, H, W) it gives a list of flows, coarsest first, each
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
        n_input_channels: channels of the features.
        base: channels of the first layer; with scales 2 and base 4 there are [4, 8, 16, 8, 4].
        scales: convolutional layers of the encoder, and of the decoder.
        separable: whether convolutions are depthwise separable: far fewer parameters, harder to train.
        rnn_cell: kind of recurrent cell, lstm or gru.
        kwargs: none has a meaning; an unknown one is refused.

    Raises:
        SettingError: a value cannot work.
    """
    _refuse(kwargs)
    return _unet(n_input_channels, base, scales, (separable, separable), False, rnn_cell)


def eminet_non_sep(
    n_input_channels: int, base: int = 16, scales: int = 3, rnn_cell: str = "lstm", **kwargs: Any
) -> FlowUNet:
    """`eminet` with whole instead of depthwise separable convolutions."""
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
    """`eminet` with squeeze-excitation after every layer; `separable` is about encoder and decoder."""
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
    """`midinet` whose middle has `depth` recurrent layers, each after the first with a residual connection."""
    return _unet(n_input_channels, base, scales, (separable, False), True, rnn_cell, depth)


FEATURE_EXTRACTORS: Mapping[str, Callable[..., FlowUNet]] = {
    "eminet": eminet,
    "eminet_non_sep": eminet_non_sep,
    "midinet": midinet,
    "midinet2": midinet2,
}


def build_feature_extractor(name: str, n_input_channels: int, **kwargs: Any) -> FlowUNet:
    """A flow network by name.

    Raises:
        SettingError: there is no such network, or a value cannot work.
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
    """Build; `separable` is about (encoder and decoder, middle), without a depth the middle is one plain layer."""
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
