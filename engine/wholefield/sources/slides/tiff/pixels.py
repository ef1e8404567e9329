"""From the stored samples of a TIFF page to what is shown: gray, colors or channels, by its photometric tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.slides.colors.cielab import Encoding, stored_lab_to_rgb
from wholefield.sources.slides.colors.cmyk import inks_to_rgb, is_cmyk_profile, profiled_inks_to_rgb
from wholefield.sources.slides.colors.opacity import over_white
from wholefield.sources.slides.colors.palette import scaled_to_8_bits, table_of
from wholefield.sources.slides.colors.ycbcr import YCbCr
from wholefield.sources.slides.image import AnyArray

PHOTOMETRIC = tifffile.PHOTOMETRIC
GRAY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MASK)
LAB = {PHOTOMETRIC.CIELAB: Encoding.TIFF, PHOTOMETRIC.ICCLAB: Encoding.ICC}
ALPHA = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
# Codecs that give red, green and blue whatever the page says; 33003 is JPEG 2000 that leaves YCbCr as it is.
COLOR_CODECS = frozenset(int(code) for code in tifffile.TIFF.IMAGE_COMPRESSIONS) - {33003}
INK_SET, ICC_PROFILE = 332, 34675
LUMA_SHARES, REFERENCE = 529, 532
CMYK_INKS = 1
WHOLE_BYTES = (8, 16, 32, 64)

Convert = Callable[[AnyArray], AnyArray]


@dataclass(frozen=True)
class PagePixels:
    """What a page is shown as.

    Attributes:
        channels: Number of them.
        dtype: Their type.
        convert: Stored samples (height, width, samples) to (height, width, channels).
        warnings: Sentences on what is converted with a loss, or left out.
    """

    channels: int
    dtype: np.dtype[Any]
    convert: Convert
    warnings: tuple[str, ...] = ()


def stored_pixels(page: Any) -> PagePixels:
    """The samples as they are: the indices of a palette, the numbers of a page whose zero is white; bits as 0 and 1."""
    dtype = _native(page)
    return PagePixels(page.samplesperpixel, dtype, partial(_as_type, dtype))


def shown_pixels(page: Any) -> PagePixels:
    """What a page is shown as.

    Args:
        page: A `tifffile.TiffPage`.

    Raises:
        SourceError: Its colors cannot be read.
    """
    photometric, dtype, samples = page.photometric, _native(page), page.samplesperpixel
    name = page.parent.filename
    if photometric == PHOTOMETRIC.PALETTE and page.colormap is not None and dtype.kind == "u":
        table = table_of(np.asarray(page.colormap), 2**page.bitspersample)
        return PagePixels(3, np.dtype(np.uint8), partial(_looked_up, table))
    if (
        photometric == PHOTOMETRIC.SEPARATED
        and samples >= 4
        and page.tags.valueof(INK_SET, CMYK_INKS) == CMYK_INKS
    ):
        return _with_alpha(page, _inks(name, page, dtype), 4)
    if photometric in LAB and samples >= 3:
        if dtype.kind not in "ui" or page.bitspersample not in (8, 16):
            raise SourceError(
                f"{name} stores CIELAB colors as {dtype}, which is not supported; save it as RGB."
            )
        convert = partial(_lab, LAB[photometric])
        return _with_alpha(page, PagePixels(3, np.dtype(np.uint8), convert), 3)
    if photometric == PHOTOMETRIC.YCBCR and samples == 3 and int(page.compression) not in COLOR_CODECS:
        if dtype != np.uint8:
            raise SourceError(
                f"{name} stores YCbCr colors as {dtype}, which is not supported; save it as RGB."
            )
        return PagePixels(3, dtype, _ycbcr(page).to_rgb)
    if photometric in (PHOTOMETRIC.ITULAB, PHOTOMETRIC.LOGL, PHOTOMETRIC.LOGLUV):
        raise SourceError(
            f"{name} stores its colors as {PHOTOMETRIC(photometric).name}, which is not supported; save it as RGB."
        )
    return _gray_or_color(page, dtype)


def _gray_or_color(page: Any, dtype: np.dtype[Any]) -> PagePixels:
    photometric, samples, bits = page.photometric, page.samplesperpixel, page.bitspersample
    color = (
        3 if photometric in (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR) else 1 if photometric in GRAY else samples
    )
    warnings: tuple[str, ...] = ()
    convert: Convert = partial(_as_type, dtype)
    if dtype.kind == "u":
        if photometric == PHOTOMETRIC.MINISWHITE:
            convert = partial(_inverted, dtype, 2**bits - 1)
        if bits < 8:
            convert = partial(_scaled, convert, bits)
    elif photometric == PHOTOMETRIC.MINISWHITE:
        warnings = (
            f"{page.parent.filename} says that low values are white; its {dtype} values are kept as stored.",
        )
    return _with_alpha(page, PagePixels(samples, dtype, convert, warnings), color)


def _inks(name: str, page: Any, dtype: np.dtype[Any]) -> PagePixels:
    profile = page.tags.valueof(ICC_PROFILE)
    if dtype not in (np.uint8, np.uint16):
        raise SourceError(f"{name} stores CMYK colors as {dtype}, which is not supported; save it as RGB.")
    if is_cmyk_profile(profile):
        told = f"{name} stores CMYK inks; they are shown as RGB by the ICC profile in the file."
        return PagePixels(3, dtype, partial(_by_profile, bytes(profile)), (told,))
    told = f"{name} stores CMYK inks without a profile; they are shown as RGB by the usual formula."
    return PagePixels(3, dtype, inks_to_rgb, (told,))


def _with_alpha(page: Any, pixels: PagePixels, color: int) -> PagePixels:
    """The same over white, where one more sample than the `color` ones tells how opaque a pixel is."""
    extras = tuple(page.extrasamples)
    if page.samplesperpixel == color:
        return pixels
    if page.samplesperpixel != color + 1 or not extras or extras[0] not in ALPHA:
        return pixels if pixels.channels == page.samplesperpixel else _first(pixels, color)
    channels = pixels.channels if pixels.channels != page.samplesperpixel else color
    name = page.parent.filename
    # Opacities of 9 to 15 bits would need a scale of their own, and nobody writes them.
    whole = page.bitspersample <= 8 or page.bitspersample == 16
    if not whole or pixels.dtype not in (np.uint8, np.uint16) or _native(page) != pixels.dtype:
        told = (f"{name} has an opacity for every pixel, which is left out; colors are as stored.",)
        return PagePixels(
            channels, pixels.dtype, partial(_without_alpha, pixels.convert, color), pixels.warnings + told
        )
    convert = partial(
        _laid_over_white,
        pixels.convert,
        color,
        page.bitspersample,
        extras[0] == tifffile.EXTRASAMPLE.ASSOCALPHA,
    )
    told = (f"{name} has an opacity for every pixel; transparent ones are shown over white.",)
    return PagePixels(channels, pixels.dtype, convert, pixels.warnings + told)


def _first(pixels: PagePixels, color: int) -> PagePixels:
    return PagePixels(
        pixels.channels, pixels.dtype, partial(_without_alpha, pixels.convert, color), pixels.warnings
    )


def _native(page: Any) -> np.dtype[Any]:
    dtype = np.dtype(page.dtype)
    return np.dtype(np.uint8) if dtype == np.bool_ else dtype.newbyteorder("=")


def _ycbcr(page: Any) -> YCbCr:
    shares = page.tags.valueof(LUMA_SHARES)
    reference = page.tags.valueof(REFERENCE)
    usual = YCbCr()
    return YCbCr(
        _fractions(shares) if shares and len(shares) == 6 and all(shares[1::2]) else usual.luma,  # type: ignore[arg-type]
        _levels(reference) or usual.reference,
    )


def _levels(reference: Any) -> tuple[float, float, float, float, float, float] | None:
    if reference is None or len(reference) != 12 or not all(reference[1::2]):
        return None
    values = _fractions(reference)
    usable = all(first != second for first, second in zip(values[::2], values[1::2], strict=True))
    return values if usable else None  # type: ignore[return-value]


def _fractions(pairs: Any) -> tuple[float, ...]:
    return tuple(above / below for above, below in zip(pairs[::2], pairs[1::2], strict=True))


def _as_type(dtype: np.dtype[Any], pixels: AnyArray) -> AnyArray:
    return pixels.astype(dtype, copy=False)


def _inverted(dtype: np.dtype[Any], top: int, pixels: AnyArray) -> AnyArray:
    return dtype.type(top) - pixels.astype(dtype, copy=False)


def _scaled(convert: Convert, bits: int, pixels: AnyArray) -> AnyArray:
    return scaled_to_8_bits(convert(pixels), bits)


def _looked_up(table: AnyArray, pixels: AnyArray) -> AnyArray:
    return table[pixels[..., 0].astype(np.intp)]


def _lab(encoding: Encoding, pixels: AnyArray) -> AnyArray:
    return stored_lab_to_rgb(pixels.view(f"u{pixels.dtype.itemsize}")[..., :3], encoding)


def _by_profile(profile: bytes, pixels: AnyArray) -> AnyArray:
    return profiled_inks_to_rgb(pixels, profile)


def _without_alpha(convert: Convert, color: int, pixels: AnyArray) -> AnyArray:
    return convert(np.ascontiguousarray(pixels[..., :color]))


def _laid_over_white(
    convert: Convert, color: int, bits: int, premultiplied: bool, pixels: AnyArray
) -> AnyArray:
    shown = _without_alpha(convert, color, pixels)
    opacity = pixels[..., color]
    return over_white(
        shown, scaled_to_8_bits(opacity, bits) if bits < 8 else opacity, premultiplied=premultiplied
    )
