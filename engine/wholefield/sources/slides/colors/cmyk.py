"""Printing inks (cyan, magenta, yellow, black) to red, green and blue, by an ICC profile where there is one."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

# Bytes 16 to 19 of an ICC profile name its color space.
SPACE_AT = slice(16, 20)


def is_cmyk_profile(profile: bytes | None) -> bool:
    """Whether an ICC profile describes four printing inks."""
    return profile is not None and len(profile) > 128 and profile[SPACE_AT] == b"CMYK"


def inks_to_rgb(inks: AnyArray) -> AnyArray:
    """What is left of white after each ink and black took their share, rounded down.

    Args:
        inks: (..., 4) uint8 or uint16, 0 for no ink.

    Returns:
        (..., 3) of the same type.
    """
    top = int(np.iinfo(inks.dtype).max)
    paper: AnyArray = top - inks.astype(np.uint64 if inks.dtype.itemsize > 2 else np.uint32)
    return (paper[..., :3] * paper[..., 3:4] // top).astype(inks.dtype)


def profiled_inks_to_rgb(inks: AnyArray, profile: bytes) -> AnyArray:
    """sRGB of inks as an ICC profile describes them, by relative colorimetry.

    Args:
        inks: (height, width, 4) uint8 or uint16, 0 for no ink.
        profile: The ICC profile.

    Returns:
        (height, width, 3) of the same type.
    """
    return np.asarray(
        imagecodecs.cms_transform(
            np.ascontiguousarray(inks),
            profile,
            imagecodecs.cms_profile("srgb"),
            colorspace="cmyk",
            outcolorspace="rgb",
            outdtype=inks.dtype,
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        )
    )
