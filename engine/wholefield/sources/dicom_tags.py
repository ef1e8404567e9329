"""Single elements of DICOM files, which tell slides, segmentations and stacks apart; reads headers and no pixels."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from wholefield.sources.dicom_start import PREFIX, PREFIX_AT

DEFLATED = "1.2.840.10008.1.2.1.99"
# Bytes at the beginning of a file in which the name of its transfer syntax stands.
HEAD_BYTES = 1024
# Of a file that is deflated as a whole, the elements before the pixels lie within so many bytes.
HEADER_INFLATED = 2**20
PIXELS = 0x7FE00008


def tags_of(path: Path, *names: str) -> Any:
    """Some elements of a DICOM file, by their keywords, as a `pydicom.Dataset`.

    Raises:
        Exception: It is damaged; of many kinds.
    """
    with path.open("rb") as file:
        if DEFLATED.encode() not in file.read(HEAD_BYTES):
            file.seek(0)
            return pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=list(names))
        wanted = [tag for tag in map(tag_for_keyword, names) if tag is not None]
        file.seek(end_of_meta(file))
        start = zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(HEADER_INFLATED), HEADER_INFLATED)
        return read_dataset(BytesIO(start), False, True, stop_when=_at_pixels, specific_tags=wanted)


def end_of_meta(file: BinaryIO) -> int:
    """Where the data set of a file begins, behind the meta information."""
    file.seek(PREFIX_AT)
    if file.read(len(PREFIX)) != PREFIX:
        file.seek(0)
    read_dataset(file, False, True, stop_when=_behind_meta)
    return file.tell()


def _behind_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag >= PIXELS
