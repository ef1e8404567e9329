"""Transparent pixels laid over white, the colour of the glass around the tissue."""

from __future__ import annotations

import numpy as np

from wholefield.sources.image import AnyArray


def over_white(colour: AnyArray, alpha: AnyArray, *, premultiplied: bool) -> AnyArray:
    """Colours over white, rounded to the nearest value.

    Args:
        colour: (..., 3) uint8.
        alpha: (...) uint8, 0 transparent to 255 opaque.
        premultiplied: Whether the colours already are multiplied by their opacity.
    """
    opacity = alpha[..., None].astype(np.uint32)
    weighted = colour.astype(np.uint32) * (255 if premultiplied else opacity)
    return np.minimum((weighted + (255 - opacity) * 255 + 127) // 255, 255).astype(np.uint8)
