"""Whole slides and segmentations as DICOM files, made tile by tile with pydicom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

AnyArray = npt.NDArray[Any]
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
SERIES = "1.2.826.0.1.3680043.8.498.1"


def rle(tile: AnyArray) -> bytes:
    """RLE of DICOM: a table of segments, one per byte of each sample, most significant first."""
    planes = tile.reshape(*tile.shape[:2], -1)
    segments = []
    for sample in range(planes.shape[2]):
        value = planes[..., sample]
        for byte in reversed(range(value.dtype.itemsize)):
            part = ((value >> (8 * byte)) & 255).astype(np.uint8)
            packed = b"".join(
                bytes([length - 1]) + run for run in _runs(part.tobytes()) for length in [len(run)]
            )
            segments.append(packed + bytes(len(packed) % 2))
    offsets = np.cumsum([64, *(len(segment) for segment in segments[:-1])])
    head = np.zeros(16, "<u4")
    head[0] = len(segments)
    head[1 : 1 + len(segments)] = offsets
    return head.tobytes() + b"".join(segments)


def _runs(data: bytes) -> list[bytes]:
    """Pieces of at most 128 bytes, as literal runs."""
    return [data[i : i + 128] for i in range(0, len(data), 128)]


ENCODERS: dict[str, Callable[[AnyArray], bytes]] = {
    JPEGBaseline8Bit: lambda tile: bytes(imagecodecs.jpeg8_encode(tile, level=95, subsampling="444")),
    JPEGLSLossless: lambda tile: bytes(imagecodecs.jpegls_encode(tile)),
    JPEG2000Lossless: lambda tile: bytes(imagecodecs.jpeg2k_encode(tile, level=0, codecformat="j2k")),
    RLELossless: rle,
}


def tiles_of(pixels: AnyArray, side: int) -> list[AnyArray]:
    """Tiles along rows, then down; those at the border are filled up with zeros."""
    height, width = pixels.shape[:2]
    padding = [(0, -height % side), (0, -width % side), *[(0, 0)] * (pixels.ndim - 2)]
    whole = np.pad(pixels, padding)
    return [
        np.ascontiguousarray(whole[y : y + side, x : x + side])
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def header(sop_class: str, syntax: str, size: tuple[int, int], side: int) -> FileDataset:
    """What slides and segmentations have in common."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", SERIES
    dataset.PatientID, dataset.PatientName = "a", "b"
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = size
    dataset.Rows = dataset.Columns = side
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.0005, 0.00025], 0.001
    shared.PixelMeasuresSequence = DicomSequence([measures])
    dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
    return dataset


def place(row: int, column: int, side: int, **more: Any) -> Dataset:
    """The functional groups of a frame that says where it lies."""
    position, groups = Dataset(), Dataset()
    position.ColumnPositionInTotalImagePixelMatrix = column * side + 1
    position.RowPositionInTotalImagePixelMatrix = row * side + 1
    position.XOffsetInSlideCoordinateSystem = position.YOffsetInSlideCoordinateSystem = 0.0
    position.ZOffsetInSlideCoordinateSystem = more.get("depth", 0.0)
    groups.PlanePositionSlideSequence = DicomSequence([position])
    if "segment" in more:
        identification = Dataset()
        identification.ReferencedSegmentNumber = more["segment"]
        groups.SegmentIdentificationSequence = DicomSequence([identification])
    if "path" in more:
        identification = Dataset()
        identification.OpticalPathIdentifier = more["path"]
        groups.OpticalPathIdentificationSequence = DicomSequence([identification])
    return groups


def optical_path(identifier: str, description: str = "") -> Dataset:
    """One kind of light."""
    path = Dataset()
    path.OpticalPathIdentifier = identifier
    if description:
        path.OpticalPathDescription = description
    return path


def write_slide(
    path: Path,
    tiles: Sequence[AnyArray],
    size: tuple[int, int],
    *,
    syntax: str = ExplicitVRLittleEndian,
    table: str = "basic",
    **tags: Any,
) -> Path:
    """A file of a slide.

    Args:
        path: Where to.
        tiles: Its frames, (side, side) or (side, side, 3).
        size: (height, width) of the whole picture.
        syntax: How frames are encoded.
        table: Of compressed frames: "basic", "extended" or "none".
        tags: Further ones, or those to replace.
    """
    first = tiles[0]
    color = first.ndim == 3
    dataset = header(SLIDE, syntax, size, first.shape[0])
    dataset.Modality, dataset.ImageType = "SM", ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.NumberOfFrames = len(tiles)
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.SamplesPerPixel = 3 if color else 1
    dataset.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
    if color:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = first.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(first.dtype.kind == "i")
    dataset.OpticalPathSequence = DicomSequence([optical_path("0")])
    for name, value in tags.items():
        setattr(dataset, name, value)
    return save(path, dataset, tiles, syntax, table)


def save(path: Path, dataset: FileDataset, tiles: Sequence[AnyArray], syntax: str, table: str) -> Path:
    """Encode the frames and write the file."""
    encode = ENCODERS.get(syntax)
    if encode is None:
        data = b"".join(tile.tobytes() for tile in tiles)
        dataset.PixelData = data + bytes(len(data) % 2)
    else:
        frames = [encode(tile) for tile in tiles]
        if table == "extended":
            data, offsets, lengths = encapsulate_extended(frames)
            dataset.PixelData = data
            dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
        else:
            dataset.PixelData = encapsulate(frames, has_bot=table == "basic")
    dataset["PixelData"].VR = "OB" if encode or dataset.BitsAllocated <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = encode is not None
    dataset.save_as(
        path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True, enforce_file_format=True
    )
    return path


def write_segmentation(
    path: Path,
    frames: Sequence[tuple[int, int, int, AnyArray]],
    size: tuple[int, int],
    names: Sequence[str],
    **tags: Any,
) -> Path:
    """A segmentation of a slide.

    Args:
        path: Where to.
        frames: (segment, row, column, tile) of 0 and 1, or of numbers where the kind says so.
        size: (height, width) of the whole picture.
        names: Of the segments, numbered from 1.
        tags: Further ones, or those to replace.
    """
    side = frames[0][3].shape[0]
    dataset = header(SEGMENTATION, ExplicitVRLittleEndian, size, side)
    dataset.Modality, dataset.ImageType, dataset.SegmentationType = "SEG", ["DERIVED", "PRIMARY"], "BINARY"
    dataset.NumberOfFrames = len(frames)
    dataset.DimensionOrganizationType = "TILED_SPARSE"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 1, 1, 0, 0
    dataset.SegmentSequence = DicomSequence([_segment(i, name) for i, name in enumerate(names, 1)])
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(
        [place(row, column, side, segment=segment) for segment, row, column, _ in frames]
    )
    for name, value in tags.items():
        setattr(dataset, name, value)
    if dataset.BitsAllocated == 1:
        bits = np.concatenate([tile.ravel() for *_, tile in frames])
        data = np.packbits(bits, bitorder="little").tobytes()
    else:
        data = b"".join(tile.tobytes() for *_, tile in frames)
    dataset.PixelData = data + bytes(len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 else "OW"
    dataset.save_as(path, enforce_file_format=True)
    return path


def _segment(number: int, name: str) -> Dataset:
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = number, name, "MANUAL"
    if number == 1:
        # L* = 100 without color: white.
        segment.RecommendedDisplayCIELabValue = [65535, 32896, 32896]
    return segment
