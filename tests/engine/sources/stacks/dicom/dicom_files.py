"""Small DICOM series for the tests."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from wholefield.sources.dicom.frames import read_frame
from wholefield.sources.dicom.layout import PixelLayout
from wholefield.sources.stacks.dicom.headers import read_header
from wholefield.sources.stacks.stack import AnyArray

ACROSS, DOWN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def dataset(plane: AnyArray, syntax: str = ExplicitVRLittleEndian, **tags: Any) -> FileDataset:
    """One image, stored with its own type; tags by keyword override those of a plain CT slice."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    each = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    each.Modality, each.SeriesInstanceUID = "CT", "1.2.3"
    each.SOPClassUID, each.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    each.Rows, each.Columns = plane.shape[:2]
    each.SamplesPerPixel = plane.shape[2] if plane.ndim == 3 else 1
    each.PhotometricInterpretation = "RGB" if plane.ndim == 3 else "MONOCHROME2"
    if plane.ndim == 3:
        each.PlanarConfiguration = 0
    each.BitsAllocated = each.BitsStored = plane.dtype.itemsize * 8
    each.HighBit = each.BitsStored - 1
    each.PixelRepresentation = int(plane.dtype.kind == "i")
    each.PixelSpacing, each.SliceThickness = [0.5, 0.25], 2.0
    each.ImageOrientationPatient = [*ACROSS, *DOWN]
    each.PixelData = np.ascontiguousarray(plane).tobytes()
    for name, value in tags.items():
        if value is None:
            each.pop(name, None)
        else:
            setattr(each, name, value)
    return each


def write_series(
    folder: Path, voxels: AnyArray, step: tuple[float, float, float] = (0, 0, 2), **tags: Any
) -> Path:
    """A file a plane, named so that their order is not that of the stack."""
    folder.mkdir(exist_ok=True)
    for index, plane in enumerate(voxels):
        position = [10 + index * step[0], -20 + index * step[1], 5 + index * step[2]]
        place: dict[str, Any] = {"ImagePositionPatient": position, "InstanceNumber": index + 1}
        each = dataset(plane, **place | tags)
        each.save_as(folder / f"IM{(index * 5) % len(voxels):04}", enforce_file_format=True)
    return folder


def saved(image: Dataset, path: Path) -> Path:
    """The path of an image after it is written there, in the byte order of its transfer syntax."""
    image.save_as(path, enforce_file_format=True)
    return path


def layout_of(image: Dataset, folder: Path) -> PixelLayout:
    """How the pixels of an image are stored, by its file."""
    layout = read_header(saved(image, folder / "image.dcm")).layout
    assert layout is not None
    return layout


def frame_of(image: Dataset, index: int, folder: Path) -> AnyArray:
    """The values of one frame, by its file."""
    return read_frame(folder / "image.dcm", layout_of(image, folder), index)
