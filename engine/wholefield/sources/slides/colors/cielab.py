"""CIE L*a*b* to sRGB."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

# CIE 1931 XYZ of D65 to linear sRGB (IEC 61966-2-1).
XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
WHITE_D50 = np.array([0.96422, 1.0, 0.82521])
# Bradford adaptation from D50 to D65 (Lindbloom).
D50_TO_D65 = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)
# Below this the cube root of CIE L*a*b* becomes a straight line: 6/29 and 3 (6/29)^2.
KNEE = 6 / 29


class Encoding(Enum):
    """How the three samples are stored: TIFF's own way, with a* and b* signed, or that of ICC profiles, with an offset.

    The standard of TIFF speaks of D65 in passing; Photoshop, libtiff and color management take white as D50 for both.
    """

    TIFF = "tiff"
    ICC = "icc"


def lab_of(samples: AnyArray, encoding: Encoding) -> Floats:
    """L* from 0 to 100 and a*, b* around 0 from stored samples.

    Args:
        samples: (..., 3) of 8 or 16 bits, as unsigned integers.
        encoding: How they are stored.
    """
    wide = samples.dtype.itemsize == 2
    # One step of a* and b* of 8 bits is 256 steps of 16 bits.
    steps = 256.0 if wide else 1.0
    if encoding is Encoding.ICC:
        # 16-bit ICC values reach 100 at 0xFF00, so that 8 bits are their upper byte.
        top, chroma = (
            (65280.0 if wide else 255.0),
            samples[..., 1:].astype(np.float32) - np.float32(128 * steps),
        )
    else:
        top = 65535.0 if wide else 255.0
        chroma = samples[..., 1:].astype("i2" if wide else "i1").astype(np.float32)
    lightness = samples[..., :1].astype(np.float32) * np.float32(100 / top)
    return np.concatenate([lightness, chroma / np.float32(steps)], axis=-1)


def lab_to_rgb(lab: Floats) -> npt.NDArray[np.uint8]:
    """sRGB of 8 bits; colors outside its range are clipped.

    Args:
        lab: (..., 3) L* from 0 to 100 and a*, b*, of which white is D50.
    """
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    relative = np.where(roots > KNEE, roots**3, 3 * KNEE**2 * (roots - 4 / 29))
    matrix = XYZ_TO_RGB @ D50_TO_D65 * WHITE_D50
    linear = np.clip(relative.astype(np.float32) @ matrix.T.astype(np.float32), 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    return np.rint(curved * 255).astype(np.uint8)


def stored_lab_to_rgb(samples: AnyArray, encoding: Encoding) -> npt.NDArray[np.uint8]:
    """sRGB of stored samples (..., 3)."""
    return lab_to_rgb(lab_of(samples, encoding))
