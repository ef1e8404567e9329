"""Pixels of one DICOM frame, decoded from whatever its transfer syntax is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from pydicom.encaps import get_frame
from pydicom.pixels.utils import unpack_bits
from pydicom.uid import RLELossless

from wholefield.sources.stacks.stack import AnyArray

# Compressed transfer syntaxes (DICOM PS3.5, section 10) and who decodes them.
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "1.2.840.10008.1.2.4.50": imagecodecs.jpeg_decode,
    "1.2.840.10008.1.2.4.51": imagecodecs.jpeg_decode,
    "1.2.840.10008.1.2.4.57": imagecodecs.jpeg_decode,
    "1.2.840.10008.1.2.4.70": imagecodecs.jpeg_decode,
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_decode,
    "1.2.840.10008.1.2.4.81": imagecodecs.jpegls_decode,
    "1.2.840.10008.1.2.4.90": imagecodecs.jpeg2k_decode,
    "1.2.840.10008.1.2.4.91": imagecodecs.jpeg2k_decode,
    "1.2.840.10008.1.2.4.201": imagecodecs.jpeg2k_decode,
    "1.2.840.10008.1.2.4.203": imagecodecs.jpeg2k_decode,
}


def decode_frame(dataset: Any, index: int) -> AnyArray:
    """Stored values of one frame.

    Args:
        dataset: A `pydicom.Dataset` with its pixel data.
        index: Number of the frame.

    Returns:
        (rows, columns), or (rows, columns, samples) in color.

    Raises:
        ValueError: The pixels are missing, too few, or compressed in a way that is not read.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return _plain_frame(dataset, index)
    if syntax == RLELossless:
        return np.asarray(dataset.pixel_array).reshape(-1, *_shape(dataset))[index]
    decode = DECODERS.get(str(syntax))
    if decode is None:
        raise ValueError(f"its pixels are compressed as {syntax.name}")
    frames = int(dataset.get("NumberOfFrames") or 1)
    stored = np.asarray(decode(get_frame(dataset.PixelData, index, number_of_frames=frames)))
    return _as_signed(stored.reshape(_shape(dataset)), dataset)


def stored_dtype(dataset: Any) -> np.dtype[Any]:
    """Type of the stored values by the tags of the image."""
    bits = max(int(dataset.BitsAllocated), 8)
    if "PixelRepresentation" not in dataset:
        # Only images of real numbers have none.
        return np.dtype(np.float32 if bits == 32 else np.float64)
    return np.dtype(f"{'i' if int(dataset.PixelRepresentation) else 'u'}{bits // 8}")


def _shape(dataset: Any) -> tuple[int, ...]:
    samples = int(dataset.get("SamplesPerPixel") or 1)
    return (int(dataset.Rows), int(dataset.Columns), *((samples,) if samples > 1 else ()))


def _plain_frame(dataset: Any, index: int) -> AnyArray:
    shape = _shape(dataset)
    count = int(np.prod(shape))
    if int(dataset.BitsAllocated) == 1:
        return unpack_bits(dataset.PixelData)[index * count : (index + 1) * count].reshape(shape)
    names = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    data = next((dataset[name].value for name in names if name in dataset), b"")
    little = dataset.file_meta.TransferSyntaxUID.is_little_endian
    dtype = stored_dtype(dataset).newbyteorder("<" if little else ">")
    if len(data) < (index + 1) * count * dtype.itemsize:
        raise ValueError("some of its pixels are missing")
    values = np.frombuffer(data, dtype, count, index * count * dtype.itemsize)
    if len(shape) == 3 and int(dataset.get("PlanarConfiguration") or 0) == 1:
        return np.moveaxis(values.reshape(shape[2], *shape[:2]), 0, -1)
    return _as_signed(values.reshape(shape).astype(dtype.newbyteorder("=")), dataset)


def _as_signed(values: AnyArray, dataset: Any) -> AnyArray:
    """Values with the bits above those that are stored cleared, or filled with the sign."""
    if values.dtype.kind == "f":
        return values
    dtype = stored_dtype(dataset)
    unused = dtype.itemsize * 8 - int(dataset.BitsStored)
    return (values.astype(dtype) << unused) >> unused
