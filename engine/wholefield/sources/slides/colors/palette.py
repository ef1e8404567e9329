"""Colors by number: the palettes of indexed pictures and the lookup tables of microscopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]
Table = npt.NDArray[np.uint8]
"""(entries, 3) red, green and blue."""


def table_of(colormap: AnyArray, entries: int) -> Table:
    """The palette of a TIFF as (entries, 3) of 8 bits.

    Args:
        colormap: (3, n) of 16 bits, as stored. Some programs store 8 bits: then no value is above 255.
        entries: How many a pixel can choose from; what is missing is black.
    """
    colors = colormap if colormap.max(initial=0) < 256 else colormap >> 8
    table = np.zeros((entries, 3), np.uint8)
    known = min(entries, colors.shape[1])
    table[:known] = colors[:, :known].T
    return table


def is_ramp(table: Table) -> bool:
    """Whether a table goes evenly from black to its last color, so that this color says all."""
    shares = np.linspace(0, 1, len(table))[:, None]
    return bool(np.abs(table - shares * table[-1]).max() <= 1)


def scaled_to_8_bits(values: AnyArray, bits: int) -> npt.NDArray[np.uint8]:
    """Values of 1 to 7 bits on the scale 0 to 255, as every viewer shows them."""
    top = 2**bits - 1
    return np.rint(np.arange(top + 1) * (255 / top)).astype(np.uint8)[values.astype(np.uint8)]
