"""From the bytes of one DICOM frame to its values, whatever its transfer syntax is."""

from __future__ import annotations

import struct
from typing import Any

import imagecodecs
import numpy as np

from wholefield.sources.dicom.colors import DECODED, from_palette, rgb_of, whole_samples
from wholefield.sources.dicom.layout import AnyArray, HeaderError, PixelLayout, check_squeezed
from wholefield.sources.dicom.syntaxes import (
    BASELINE,
    DECODERS,
    JPEG_XL,
    RLE,
    codestream_size,
    marked_luma,
)


def colors_of(layout: PixelLayout) -> str:
    """What the samples of a pixel are once decoders have done their part, such as "RGB"."""
    return "RGB" if layout.syntax in (*BASELINE, *JPEG_XL) else layout.photometric


def decode(data: bytes, layout: PixelLayout, frame: int = 0) -> AnyArray:
    """Values of one frame as the tags of its pixels describe them, before they are rescaled.

    Args:
        data: The bytes of the frame; single bits begin within the first.
        layout: How pixels are stored.
        frame: Number of the frame.

    Returns:
        (rows, columns), or (rows, columns, 3) in red, green and blue.

    Raises:
        HeaderError: The pixels are too few, or not as the header says.
        UnsupportedError: Their colors are not read.
        Exception: They are damaged; of the kinds of codecs.
    """
    if layout.syntax in DECODERS:
        values = _fitted(_decompressed(data, layout), layout)
    else:
        plain = _from_runs(data, layout) if layout.syntax == RLE else _plain(data, layout, frame)
        values = _shifted(plain, layout)
    colors = colors_of(layout)
    values = _in_stored_bits(values, layout)
    if layout.palette is not None:
        return from_palette(values, layout.palette_first, layout.palette)
    if layout.samples == 3 and colors not in DECODED:
        values = rgb_of(values, colors, layout.stored)
    if layout.table is not None:
        return layout.table[np.clip(values.astype(np.int64) - layout.table_first, 0, len(layout.table) - 1)]
    return values


def _plain(data: bytes, layout: PixelLayout, frame: int) -> AnyArray:
    if layout.allocated == 1:
        count = int(np.prod(layout.shape))
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[frame * layout.frame_bits % 8 :][:count].reshape(layout.shape)
    if layout.swapped:
        turned = np.frombuffer(data, ">u2").astype("<u2").view(layout.dtype)
        values = turned[frame * layout.frame_bits // 8 % 2 :]
    else:
        stored = layout.dtype.newbyteorder("<" if layout.little else ">")
        values = np.frombuffer(data, stored).astype(layout.dtype, copy=False)
    if layout.subsampled:
        return whole_samples(values, layout.rows, layout.columns)
    values = values[: int(np.prod(layout.shape))]
    if layout.samples == 3 and layout.planar:
        return np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, -1)
    return values.reshape(layout.shape)


def _decompressed(data: bytes, layout: PixelLayout) -> AnyArray:
    _check_size(data, layout)
    if layout.syntax in BASELINE and layout.samples == 3:
        marked = marked_luma(data)
        # Where the file's own markers are silent, the tags of DICOM decide what the components are.
        is_luma = layout.photometric != "RGB" if layout.tagged or marked is None else marked
        return np.asarray(
            imagecodecs.jpeg8_decode(data, colorspace="YCBCR" if is_luma else "RGB", outcolorspace="RGB")
        )
    decoded: Any = DECODERS[layout.syntax](data)
    return np.asarray(decoded)


def _check_size(data: bytes, layout: PixelLayout) -> None:
    check_squeezed(layout, len(data))
    found = codestream_size(data)
    if found is None and layout.syntax not in JPEG_XL:
        # Decoders take memory by the size that they find, which may be any.
        raise HeaderError("its compressed pixels do not tell their size")
    if found is not None and found != (layout.rows, layout.columns):
        raise HeaderError(
            f"its header promises {layout.columns} x {layout.rows} px, its compressed pixels {found[1]} x {found[0]}"
        )


def _fitted(values: AnyArray, layout: PixelLayout) -> AnyArray:
    if values.shape == layout.shape:
        return values
    if layout.samples == 3 and values.shape == (3, *layout.shape[:2]):
        return np.moveaxis(values, 0, -1)
    raise HeaderError(f"its header promises pixels of shape {layout.shape}, and they have {values.shape}")


def _from_runs(data: bytes, layout: PixelLayout) -> AnyArray:
    """Run-length coding (PS3.5, annex G): a header of 16 numbers, then the bytes of all values, high ones first."""
    width = layout.dtype.itemsize
    if len(data) < 64:
        raise HeaderError("its compressed pixels are cut short")
    count, *starts = struct.unpack("<16I", data[:64])
    if count != layout.samples * width:
        raise HeaderError(f"its compressed pixels have {count} of {layout.samples * width} segments")
    ends = [*starts[1:count], len(data)]
    size = layout.rows * layout.columns
    planes = [_segment(data[start:end], size) for start, end in zip(starts[:count], ends, strict=True)]
    values = np.stack(planes).reshape(layout.samples, width, size)
    joined = np.moveaxis(values, 1, -1)[..., ::-1].copy().view(layout.dtype.newbyteorder("<"))[..., 0]
    joined = joined.astype(layout.dtype, copy=False)
    return np.moveaxis(joined, 0, -1).reshape(layout.shape)


def _segment(data: bytes, size: int) -> AnyArray:
    decoded: Any = imagecodecs.packbits_decode(data)
    values = np.frombuffer(decoded, np.uint8)
    if len(values) < size:
        raise HeaderError(f"a segment of its pixels holds {len(values)} of {size} bytes")
    return values[:size]


def _shifted(values: AnyArray, layout: PixelLayout) -> AnyArray:
    """Values with the bits that are stored at the bottom."""
    below = layout.high + 1 - layout.stored
    return values >> below if below > 0 and not layout.element.real else values


def _in_stored_bits(values: AnyArray, layout: PixelLayout) -> AnyArray:
    """Values with the bits above those that are stored cleared, or filled with the sign."""
    if layout.element.real or values.dtype.kind == "f":
        return values
    if values.dtype.itemsize > layout.dtype.itemsize and (values != values.astype(layout.dtype)).any():
        raise HeaderError(f"its header promises {layout.allocated} bits, and its compressed pixels have more")
    unused = layout.dtype.itemsize * 8 - layout.stored
    if unused == 0:
        return values.astype(layout.dtype, copy=False)
    return (values.astype(layout.dtype) << unused) >> unused
