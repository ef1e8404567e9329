"""Colors of DICOM, from palettes and from brightness with color differences, as red, green and blue."""

from __future__ import annotations

from typing import Any

import numpy as np

from wholefield.sources.dicom.layout import AnyArray, HeaderError, UnsupportedError

GRAY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
# What a JPEG 2000 decoder turns into red, green and blue by itself.
DECODED = ("RGB", "YBR_RCT", "YBR_ICT")
YBR = ("YBR_FULL", "YBR_FULL_422")
PARTIAL = "YBR_PARTIAL_422"
SEGMENTED = "SegmentedRedPaletteColorLookupTableData"


def palette_of(dataset: Any) -> tuple[int, AnyArray]:
    """The index of the first color, and all colors (entries, 3) uint8, of a palette image.

    Raises:
        HeaderError: The palette is missing or too short.
        UnsupportedError: It is written in segments.
    """
    if SEGMENTED in dataset:
        raise UnsupportedError("its palette is written in segments; save it as RGB with another program.")
    parts, firsts = [], set()
    for color in ("Red", "Green", "Blue"):
        descriptor = dataset.get(f"{color}PaletteColorLookupTableDescriptor")
        data = dataset.get(f"{color}PaletteColorLookupTableData")
        if descriptor is None or data is None or len(descriptor) != 3:
            raise HeaderError(f"the {color.lower()} part of its palette is missing")
        count, bits = int(descriptor[0]) or 2**16, int(descriptor[2])
        firsts.add((count, int(descriptor[1])))
        raw = data if isinstance(data, bytes) else np.asarray(data, np.uint16).tobytes()
        parts.append((_entries(raw, count, color), bits))
    if len(firsts) > 1:
        raise HeaderError("the red, green and blue parts of its palette are for different numbers")
    # Some call them 16 bits deep and use 8, in all three parts: a dark part beside deep ones is deep.
    deep = any(int(values.max()) > 255 for values, _bits in parts)
    shown = [values >> (8 if deep and bits > 8 else 0) for values, bits in parts]
    return firsts.pop()[1], np.stack(shown, -1).astype(np.uint8)


def _entries(raw: bytes, count: int, color: str) -> AnyArray:
    # Eight-bit entries are padded to words by some writers, and packed by others.
    wide = len(raw) >= 2 * count
    values = np.frombuffer(raw[: 2 * count if wide else count], "<u2" if wide else "u1")
    if len(values) < count:
        raise HeaderError(f"the {color.lower()} part of its palette has {len(values)} of {count} entries")
    return values


def from_palette(indices: AnyArray, first: int, palette: AnyArray) -> AnyArray:
    """Colors (..., 3) of indices; those below the first or beyond the last get its color, as the standard says."""
    return palette[np.clip(indices.astype(np.int64) - first, 0, len(palette) - 1)]


def check_colors(photometric: str) -> None:
    """Refuse colors that cannot be turned into red, green and blue.

    Raises:
        UnsupportedError: The text names them.
    """
    if photometric not in (*DECODED, *YBR, PARTIAL):
        raise UnsupportedError(
            f"its colors are stored as {photometric}; save it as RGB with another program."
        )


def rgb_of(values: AnyArray, photometric: str, bits: int) -> AnyArray:
    """Red, green and blue of stored colors.

    Args:
        values: (rows, columns, 3), unsigned.
        photometric: How they are stored, such as "YBR_FULL".
        bits: Bits of each that are used.

    Returns:
        The same shape and type, rounded and clipped.

    Raises:
        UnsupportedError: The kind of color is not read.
    """
    if photometric in DECODED:
        return values
    check_colors(photometric)
    most, middle = 2**bits - 1, 2 ** (bits - 1)
    luma = values[..., 0].astype(np.float64)
    blue, red = (values[..., part].astype(np.float64) - middle for part in (1, 2))
    if photometric == PARTIAL:
        # Brightness from 16 to 235 and differences from 16 to 240 of 255 (ITU-R BT.601).
        unit = 2 ** (bits - 8)
        luma = (luma - 16 * unit) * (most / (219 * unit))
        blue, red = blue * (most / (224 * unit)), red * (most / (224 * unit))
    # PS3.3, section C.7.6.3.1.2, the inverse of the matrix of YBR_FULL.
    mixed = np.stack(
        [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=-1
    )
    return np.clip(np.rint(mixed), 0, most).astype(values.dtype)


def whole_samples(flat: AnyArray, rows: int, columns: int) -> AnyArray:
    """Subsampled colors, stored as Y Y Cb Cr for two neighbors, with a sample of each for every pixel."""
    pairs = flat.reshape(rows, -1, 4)
    wide = np.empty((rows, pairs.shape[1], 2, 3), flat.dtype)
    wide[..., 0] = pairs[..., :2]
    wide[..., 1:] = pairs[..., None, 2:]
    return wide.reshape(rows, -1, 3)[:, :columns]
