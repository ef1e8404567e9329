"""Chooses the reader of a stack, by its content first and its name second."""

from __future__ import annotations

from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.events.formats import HDF5_SIGNATURE
from wholefield.sources.reading import head_of, readable
from wholefield.sources.signatures import (
    HEAD_BYTES,
    PICTURE_SIGNATURES,
    TIFF_SIGNATURES,
    first_dicom,
    is_dicom,
    is_zarr,
)
from wholefield.sources.stacks.formats import STACK_SUFFIXES, volume_format
from wholefield.sources.stacks.stack import DatasetInfo, StackSource

# The readers are imported by the functions that need them: together they would delay the first window.


def open_stack(path: str | Path, dataset: str | None = None) -> StackSource:
    """Open a volume.

    Args:
        path: A multi-page TIFF, NIfTI, MetaImage, NRRD, HDF5 or NeXus file, an OME-Zarr, a DICOM file or folder, or
            a folder of TIFF or PNG slices.
        dataset: Which dataset of an HDF5 file; without it the likeliest, see `list_datasets`.

    Returns:
        The open stack; use it as a context manager, or close it.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.sources import open_stack
        >>> with h5py.File("scan.h5", "w") as file:
        ...     file["data"] = np.zeros((5, 40, 30), np.float32)
        >>> with open_stack("scan.h5") as stack:
        ...     stack.shape, stack.read(slice(0, 2), slice(10, 20)).shape
        ((5, 40, 30), (2, 10, 30))
    """
    path = Path(path)
    with readable(path):
        if is_zarr(path):
            from wholefield.sources.stacks.ome_zarr import open_ome_zarr_stack

            return open_ome_zarr_stack(path)
        if path.is_dir():
            return _open_folder(path)
        return _open_file(path, head_of(path, HEAD_BYTES), dataset)


def list_datasets(path: str | Path) -> tuple[DatasetInfo, ...]:
    """The volumes that a file offers to choose from.

    Args:
        path: A file or folder of any format of stacks.

    Returns:
        Name, shape and type of each, the likeliest first; nothing for formats that hold just one.

    Raises:
        SourceError: The file cannot be read.

    Example:
        >>> import h5py, numpy as np
        >>> from wholefield.sources import list_datasets
        >>> with h5py.File("scan.h5", "w") as file:
        ...     file["data"], file["flat"] = np.zeros((5, 40, 30), np.uint16), np.zeros((2, 40, 30), np.uint16)
        >>> [(found.name, found.shape) for found in list_datasets("scan.h5")]
        [('data', (5, 40, 30)), ('flat', (2, 40, 30))]
    """
    path = Path(path)
    with readable(path):
        if path.is_dir() or not head_of(path, HEAD_BYTES).startswith(HDF5_SIGNATURE):
            return ()
        from wholefield.sources.stacks.hdf5 import list_hdf5_datasets

        return list_hdf5_datasets(path)


def _open_folder(path: Path) -> StackSource:
    if first_dicom(path) is not None:
        from wholefield.sources.stacks.dicom_series import open_dicom_series

        return open_dicom_series(path)
    from wholefield.sources.stacks.slice_folder import open_slice_folder

    return open_slice_folder(path)


def _open_file(path: Path, head: bytes, dataset: str | None) -> StackSource:
    if head.startswith(HDF5_SIGNATURE):
        from wholefield.sources.stacks.hdf5 import open_hdf5_stack

        return open_hdf5_stack(path, dataset)
    if dataset is not None:
        raise SourceError(f"{path} is not an HDF5 file, so it has no dataset {dataset}; omit the dataset.")
    if head.startswith(TIFF_SIGNATURES):
        from wholefield.sources.stacks.tiff import open_tiff_stack

        return open_tiff_stack(path)
    if is_dicom(head):
        from wholefield.sources.stacks.dicom_series import open_dicom_series

        return open_dicom_series(path)
    if (volume := volume_format(path, head)) is not None:
        return volume.open(path)
    if head.startswith(PICTURE_SIGNATURES):
        raise SourceError(f"{path} is a single picture; open its folder as a stack.")
    raise SourceError(
        f"{path} is not a stack that can be opened, or it is damaged; known files end in "
        f"{', '.join(STACK_SUFFIXES)}."
    )
