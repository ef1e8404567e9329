"""Opens stacks with the reader of their format, and lists the volumes of a file that holds several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.sources.choices import Question, Reading, UnclearFileError
from wholefield.sources.detection import open_as
from wholefield.sources.kinds import Kind
from wholefield.sources.reading import head_of, readable
from wholefield.sources.signatures import HDF5_SIGNATURE, is_hdf5

if TYPE_CHECKING:
    from wholefield.sources.stacks.stack import DatasetInfo, StackSource


def open_stack(
    path: str | Path, dataset: str | None = None, *, reading: Reading | str | None = None
) -> StackSource:
    """Open a volume.

    Args:
        path: A multi-page TIFF, NIfTI, MetaImage, NRRD, HDF5 or NeXus file, an OME-Zarr, a DICOM file or folder, or
            a folder of TIFF or PNG slices.
        dataset: Which dataset of an HDF5 file; without it the likeliest, see `list_datasets`. The same as
            `dataset=...` in the reading.
        reading: Answers to what the file leaves open, such as `series=2; time=0`; see `questions_of`.

    Returns:
        The open stack; use it as a context manager, or close it.

    Raises:
        UnclearFileError: Two readings fit, or something is missing that `reading` has to say.
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
    answers = Reading.parse(reading)
    stack: StackSource = open_as(Kind.STACK, path, answers | {"dataset": dataset} if dataset else answers)
    return stack


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
        if path.is_dir() or not is_hdf5(path, head_of(path, len(HDF5_SIGNATURE))):
            return ()
        from wholefield.sources.stacks.formats.hdf5 import list_hdf5_datasets

        return list_hdf5_datasets(path)


def stack_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for a file that holds one volume: what it leaves unclear, its time and its spacing.

    Raises:
        SourceError: The file cannot be read.
    """
    from wholefield.sources.stacks.answers import common_questions

    try:
        with open_stack(path, reading=reading) as stack:
            return common_questions(stack)
    except UnclearFileError as error:
        return error.questions
