"""What headers of DICOM say of the pixels, and the data of files that are deflated as a whole."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np

from wholefield.sources.dicom.colors import palette_of
from wholefield.sources.dicom.layout import HeaderError, PixelElement, PixelLayout, UnsupportedError
from wholefield.sources.dicom_tags import end_of_meta

MOST_INFLATED = 256 * 2**20


def inflated(file: BinaryIO, most: int = MOST_INFLATED) -> bytes:
    """The data set of a file that is deflated as a whole, from the first byte after the meta information.

    Args:
        file: The file.
        most: Bytes that are inflated; more of them are an error.

    Raises:
        UnsupportedError: It inflates to more than memory should hold.
        zlib.error: It is damaged.
    """
    meta_end = end_of_meta(file)
    file.seek(meta_end)
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    data = unpack.decompress(file.read(), most)
    if unpack.unconsumed_tail:
        raise UnsupportedError(
            f"its deflated data takes more than {most >> 20} MB of memory; save it with the transfer syntax "
            "Explicit VR Little Endian."
        )
    return data


def layout_of(dataset: Any, pixels: PixelElement, syntax: str, little: bool) -> PixelLayout:
    """How the pixels of a file are stored, as its header says; `check_layout` tells whether it can be true.

    Args:
        dataset: The header, from which elements are taken by their keywords with `get`.
        pixels: Where the pixels are.
        syntax: UID of the transfer syntax.
        little: Whether numbers are little-endian.

    Raises:
        HeaderError: Something is missing, or tables are too short.
        UnsupportedError: The pixels are neither colors nor gray.
    """
    allocated = int(_needed(dataset, "BitsAllocated"))
    stored = allocated if pixels.real else int(dataset.get("BitsStored") or allocated)
    photometric = str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").strip().upper()
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if samples not in (1, 3):
        raise UnsupportedError(
            f"it has {samples} samples per pixel; save it as RGB or as a gray image with another program."
        )
    palette = palette_of(dataset) if photometric == "PALETTE COLOR" and samples == 1 else None
    first, colors = palette if palette is not None else (0, None)
    table_first, table = _modality_table(dataset)
    return PixelLayout(
        pixels, syntax, little, int(dataset.get("NumberOfFrames") or 1), int(_needed(dataset, "Rows")),
        int(_needed(dataset, "Columns")), samples, allocated, stored, _high_bit(dataset, pixels, stored),
        bool(dataset.get("PixelRepresentation") or 0), photometric,
        bool(dataset.get("PlanarConfiguration") or 0), colors, first, table, table_first,
    )  # fmt: skip


def _needed(dataset: Any, name: str) -> Any:
    value = dataset.get(name)
    if value is None:
        raise HeaderError(f"its header has no {name}")
    return value


def _high_bit(dataset: Any, pixels: PixelElement, stored: int) -> int:
    high = dataset.get("HighBit")
    return stored - 1 if pixels.real or high is None else int(high)


def _modality_table(dataset: Any) -> tuple[int, Any]:
    sequence = dataset.get("ModalityLUTSequence")
    if not sequence:
        return 0, None
    count, first, _bits = (int(value) for value in sequence[0].LUTDescriptor)
    data = sequence[0]["LUTData"].value
    values = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.array(data, np.uint16)
    if len(values) < (count or 2**16):
        raise HeaderError(f"its table of the modality has {len(values)} of {count or 2**16} values")
    return first, values[: count or 2**16]
