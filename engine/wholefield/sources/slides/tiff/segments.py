"""How one compressed strip or tile of a TIFF page is decoded: by tifffile, or here where tifffile declines."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
import tifffile

from wholefield.sources.slides.colors.ycbcr import unsubsampled
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.lzw import refuse_damaged_lzw
from wholefield.sources.slides.tiff.old_jpeg import OldJpeg

LZW, OLD_JPEG = 5, 6
JPEGS = (7, 33007, 34892)
YCBCR = tifffile.PHOTOMETRIC.YCBCR
LAB = (tifffile.PHOTOMETRIC.CIELAB, tifffile.PHOTOMETRIC.ICCLAB)
SUBSAMPLING = 530
# Deflate packs at most 1,032 times; what claims to be packed tighter and is larger than this is a trap.
TIGHTEST_PACKING = 4000
LARGEST_UNQUESTIONED_BYTES = 256 * 2**20

Segment = Callable[[bytes, int], AnyArray]
"""From the stored bytes and the number of a segment to its samples (height, width, samples)."""


def segment_decoder(page: Any, read: Callable[[int, int], bytes]) -> Segment:
    """The function that decodes a segment of a page.

    Args:
        page: A `tifffile.TiffPage`.
        read: Reads a number of bytes at an offset of the file.

    Raises:
        ValueError: There is no such function; the text is the reason.
    """
    code = int(page.compression)
    if code == OLD_JPEG:
        return OldJpeg(page, read).decode
    if code not in tifffile.TIFF.DECOMPRESSORS:
        raise ValueError(f"it is compressed with {_name(page.compression)}, which is not supported")
    if page.photometric == YCBCR and page.is_subsampled and code not in tifffile.TIFF.IMAGE_COMPRESSIONS:
        if (
            page.planarconfig != 1
            or page.predictor != 1
            or page.dtype != np.uint8
            or page.samplesperpixel != 3
        ):
            raise ValueError("its color differences are subsampled in a way that is not supported")
        return partial(_subsampled, page)
    return partial(_plain, page)


def refuse_trap(samples: int, stored: int) -> None:
    """Raise ValueError if a segment claims more bytes than its packed ones can hold.

    Args:
        samples: Bytes of the decoded segment.
        stored: Bytes of the packed one.
    """
    if samples > LARGEST_UNQUESTIONED_BYTES and samples > stored * TIGHTEST_PACKING:
        raise ValueError(f"{stored} bytes cannot hold the {samples} that its header claims")


def segment_shape(page: Any, index: int) -> tuple[int, int, int]:
    """(height, width, samples) of a segment; the last strip is shorter."""
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    if page.is_tiled:
        return page.tilelength, page.tilewidth, samples
    rows = min(page.rowsperstrip, page.imagelength)
    top = index % math.ceil(page.imagelength / rows) * rows
    return min(rows, page.imagelength - top), page.imagewidth, samples


def _plain(page: Any, data: bytes, index: int) -> AnyArray:
    height, width, samples = segment_shape(page, index)
    refuse_trap(height * width * samples * page.dtype.itemsize, len(data))
    _refuse_lzw(page, data)
    if int(page.compression) in JPEGS:
        refuse_larger_jpeg(data, height * width)
        if page.photometric in LAB and page.planarconfig == 1:
            # Libraries guess that three samples are YCbCr, and convert them.
            return np.asarray(
                imagecodecs.jpeg8_decode(data, tables=page.jpegtables, colorspace="RGB", outcolorspace="RGB")
            )
    pixels, _, _ = page.decode(data, index, jpegtables=page.jpegtables)
    return np.asarray(pixels).reshape(pixels.shape[-3:])


def _refuse_lzw(page: Any, data: bytes) -> None:
    if int(page.compression) == LZW:
        refuse_damaged_lzw(bytes(imagecodecs.bitorder_decode(data)) if page.fillorder == 2 else data)


def refuse_larger_jpeg(data: bytes, area: int) -> None:
    """Raise ValueError if a JPEG stream, whose own size decides how much memory is taken, is far above its area."""
    try:
        _, height, width, _ = tifffile.tifffile.jpeg_shape(data[:4096])
    except Exception:  # the decoder says what is wrong with it
        return
    if height * width > max(4 * area, LARGEST_UNQUESTIONED_BYTES // 4):
        raise ValueError(f"its JPEG stream is {width} x {height} px")


def _subsampled(page: Any, data: bytes, index: int) -> AnyArray:
    height, width, _ = segment_shape(page, index)
    refuse_trap(height * width * 3, len(data))
    if page.fillorder == 2:
        data = bytes(imagecodecs.bitorder_decode(data))
    if int(page.compression) == LZW:
        refuse_damaged_lzw(data)
    unpacked = bytes(tifffile.TIFF.DECOMPRESSORS[int(page.compression)](data))
    # The tag is missing in files of some programs that do not subsample, though 2 x 2 is the default.
    if page.subsampling is None and len(unpacked) >= height * width * 3:
        return np.frombuffer(unpacked, np.uint8, height * width * 3).reshape(height, width, 3)
    across, down = page.subsampling or (2, 2)
    return unsubsampled(unpacked, height, width, across, down)


def _name(compression: Any) -> str:
    return str(getattr(compression, "name", f"method {int(compression)}"))
