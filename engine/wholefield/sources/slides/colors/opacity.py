"""Transparent pixels laid over white, the color of the glass around the tissue."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]


def over_white(color: AnyArray, alpha: AnyArray, *, premultiplied: bool) -> AnyArray:
    """Colors over white, rounded to the nearest value.

    Args:
        color: (..., channels) uint8 or uint16.
        alpha: (...) of the same type, 0 transparent to its largest value opaque.
        premultiplied: Whether the colors already are multiplied by their opacity.

    Returns:
        (..., channels) of the same type.
    """
    # The product of two 16-bit values just fits into 32 bits.
    top = np.uint32(np.iinfo(color.dtype).max)
    opacity = alpha[..., None].astype(np.uint32)
    weighted = color.astype(np.uint32) * (top if premultiplied else opacity)
    glass = (top - opacity) * top
    half = np.uint32(top // 2)
    if premultiplied:
        # Damaged files have colors above their opacity.
        weighted = np.minimum(weighted, top * top - glass)
    return ((weighted + glass + half) // top).astype(color.dtype)
