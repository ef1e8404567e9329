"""Read one image file as an array of channels."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from wholefield.compat.msd_pytorch.errors import InputError


def read_image(path: Path) -> NDArray[Any]:
    """Read a TIFF, PNG, JPEG or other picture.

    Returns:
        (channel, row, column) in the data type of the file; grey images have one channel.

    Raises:
        InputError: The file is damaged, of an unknown kind, or holds more than one image.
    """
    try:
        array = _read_tiff(path) if path.suffix.lower() in {".tif", ".tiff"} else imagecodecs.imread(path)
    except Exception as error:  # codecs raise errors of their own kinds
        raise InputError(
            f"{path} cannot be read as an image ({error}); check the file or the pattern."
        ) from error
    array = np.asarray(array)
    if array.ndim == 2:
        return array[None]
    if array.ndim != 3:
        raise InputError(
            f"{path} holds an array of shape {array.shape}, not one image; split it into single images."
        )
    return np.ascontiguousarray(array.transpose(2, 0, 1))


def _read_tiff(path: Path) -> NDArray[Any]:
    """The first page; (row, column) or (row, column, channel)."""
    with tifffile.TiffFile(path) as file:
        if len(file.pages) > 1:
            raise ValueError(f"it has {len(file.pages)} pages")
        page = file.pages[0]
        array = np.asarray(page.asarray())
        return array.transpose(1, 2, 0) if array.ndim == 3 and page.axes.startswith("S") else array
