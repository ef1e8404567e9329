"""The loop that mixes the channels of an image into colors, compiled; it runs without the interpreter lock."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled

# Types that have a machine code of their own; all others are converted to the last one.
NATIVE = tuple(np.dtype(name) for name in ("uint8", "uint16", "float32", "float64"))


def blend(
    region: npt.NDArray[Any],
    chosen: npt.NDArray[np.int64],
    curves: npt.NDArray[np.float64],
    colors: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """The sum of the chosen channels, each in its color.

    A value v of a channel is the share s = ((v - low) / span) ** gamma of its color, with the fraction cut to 0 to 1;
    not-a-number is 0. With several colors the channel shows the one at the place s of the table, rounded.

    Args:
        region: (height, width, channels), any real dtype.
        chosen: (n,) which channels are mixed.
        curves: (n, 3) low, span and gamma of each.
        colors: (n, most, 3) their colors, 0 to 255: one, or a table of them.
        lengths: (n,) how many colors each has.

    Returns:
        (height, width, 3) uint8, rounded half to even and cut at 255.
    """
    if region.dtype not in NATIVE:
        region = region.astype(NATIVE[-1])
    out = np.empty((*region.shape[:2], 3), np.uint8)
    _blend(np.ascontiguousarray(region), chosen, curves, colors, lengths, out)
    return out


@compiled
def _blend(region: Any, chosen: Any, curves: Any, colors: Any, lengths: Any, out: Any) -> None:
    height, width = region.shape[0], region.shape[1]
    for y in range(height):
        for x in range(width):
            red, green, blue = 0.0, 0.0, 0.0
            for index in range(chosen.shape[0]):
                share = (np.float64(region[y, x, chosen[index]]) - curves[index, 0]) / curves[index, 1]
                # Not "share < 0": of not-a-number this is the one that is true.
                if not share > 0.0:
                    share = 0.0
                elif share > 1.0:
                    share = 1.0
                if curves[index, 2] != 1.0:
                    share = share ** curves[index, 2]
                color = np.int64(0)
                if lengths[index] > 1:
                    color = np.int64(np.rint(share * (lengths[index] - 1)))
                    share = 1.0
                red += share * colors[index, color, 0]
                green += share * colors[index, color, 1]
                blue += share * colors[index, color, 2]
            out[y, x, 0] = np.uint8(min(np.rint(red), 255.0))
            out[y, x, 1] = np.uint8(min(np.rint(green), 255.0))
            out[y, x, 2] = np.uint8(min(np.rint(blue), 255.0))
