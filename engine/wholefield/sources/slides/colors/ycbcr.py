"""Brightness and two color differences (YCbCr), maybe subsampled, to red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class YCbCr:
    """How brightness and color differences are coded; by default as in JPEG.

    Attributes:
        luma: Shares of red, green and blue in the brightness.
        reference: Stored values of black and white of Y, then of zero and the largest difference of Cb and of Cr.
    """

    luma: tuple[float, float, float] = (0.299, 0.587, 0.114)
    reference: tuple[float, float, float, float, float, float] = (0, 255, 128, 255, 128, 255)

    def to_rgb(self, stored: AnyArray) -> npt.NDArray[np.uint8]:
        """Colors (..., 3) of 8-bit samples (..., 3)."""
        samples = stored.astype(np.float32)
        black, white, zero_b, top_b, zero_r, top_r = self.reference
        y = (samples[..., 0] - black) * np.float32(255 / (white - black))
        blue_difference = (samples[..., 1] - zero_b) * np.float32(127 / (top_b - zero_b))
        red_difference = (samples[..., 2] - zero_r) * np.float32(127 / (top_r - zero_r))
        share_r, share_g, share_b = self.luma
        red = y + np.float32(2 - 2 * share_r) * red_difference
        blue = y + np.float32(2 - 2 * share_b) * blue_difference
        green = (y - np.float32(share_r) * red - np.float32(share_b) * blue) / np.float32(share_g)
        colors = np.stack([red, green, blue], axis=-1)
        return np.clip(np.rint(colors), 0, 255).astype(np.uint8)


def unsubsampled(data: bytes, height: int, width: int, across: int, down: int) -> npt.NDArray[np.uint8]:
    """Samples of every pixel from data units of `across` x `down` brightnesses and one pair of differences.

    Args:
        data: The decompressed units, row by row; those at the right and lower border are whole.
        height: Rows of pixels wanted.
        width: Columns of pixels wanted.
        across: Pixels along x that share their differences.
        down: Pixels along y that share them.

    Returns:
        (height, width, 3) Y, Cb, Cr.

    Raises:
        ValueError: There are fewer units than the size needs.
    """
    rows, columns = -(-height // down), -(-width // across)
    unit = across * down + 2
    if len(data) < rows * columns * unit:
        raise ValueError(f"{rows * columns * unit} bytes are needed, and there are {len(data)}")
    units = np.frombuffer(data, np.uint8, rows * columns * unit).reshape(rows, columns, unit)
    y = (
        units[..., :-2]
        .reshape(rows, columns, down, across)
        .swapaxes(1, 2)
        .reshape(rows * down, columns * across)
    )
    differences = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    return np.concatenate([y[..., None], differences], axis=2)[:height, :width]
