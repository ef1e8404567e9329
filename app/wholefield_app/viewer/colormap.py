"""Colors for values: maps from 0..1 to pictures."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt


class Colormap(StrEnum):
    """Perceptually ordered color maps."""

    VIRIDIS = "viridis"
    MAGMA = "magma"
    INFERNO = "inferno"
    PLASMA = "plasma"
    CIVIDIS = "cividis"
    TURBO = "turbo"
    GRAY = "gray"


@cache
def table(colormap: Colormap) -> npt.NDArray[np.uint8]:
    """The 256 colors of a map, (256, 3) uint8 in the order red, green, blue."""
    ramp = np.arange(256, dtype=np.uint8)
    if colormap is Colormap.GRAY:
        return np.repeat(ramp[:, None], 3, axis=1)
    import cv2

    code: int = getattr(cv2, f"COLORMAP_{colormap.name}")
    colors: npt.NDArray[np.uint8] = cv2.applyColorMap(ramp[:, None], code)[:, 0, ::-1]
    return np.ascontiguousarray(colors)


def colorise(values: npt.NDArray[np.floating], colormap: Colormap) -> npt.NDArray[np.uint8]:
    """Values as colors.

    Args:
        values: (height, width), shown from 0 to 1; what lies outside takes the color of the nearer end, and NaN is
            transparent.
        colormap: Which colors.

    Returns:
        (height, width, 4) uint8 in the order blue, green, red, alpha; transparent where there is no value.
    """
    unknown = np.isnan(values)
    index = np.rint(np.clip(np.where(unknown, 0.0, values), 0.0, 1.0) * 255).astype(np.uint8)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = table(colormap)[index][..., ::-1]
    pixels[..., 3] = 255
    pixels[unknown] = 0
    return pixels
