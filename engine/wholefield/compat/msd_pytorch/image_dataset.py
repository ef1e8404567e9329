"""Images on disk as tensors: a stack of files, and pairs of an input and a target stack."""

import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from wholefield.compat.msd_pytorch.errors import InputError, LabelError

__all__ = ["ImageDataset", "ImageStack"]

Labels = int | Iterable[int] | None


def find_images(path_specifier: str | Path) -> list[Path]:
    """Files of a folder, of a glob pattern such as "scan*.tif", or one file, in natural order (scan2 before scan10)."""
    path = Path(path_specifier).expanduser()
    if path.is_dir():
        found = [each for each in path.iterdir() if not each.name.startswith(".")]
    elif path.is_file():
        found = [path]
    else:
        anchor = Path(path.anchor) if path.is_absolute() else Path.cwd()
        pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else str(path)
        found = list(anchor.glob(pattern))
    return sorted((each.resolve() for each in found if each.is_file()), key=_natural)


def nothing_found(path_specifier: str | Path) -> str:
    """What to say of a path that no image matches."""
    return f"No images match {path_specifier}; give a folder, a file or a pattern such as scans/*.tif."


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorting key in which runs of digits compare as numbers."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def read_image(path: Path) -> NDArray[Any]:
    """Read a TIFF, PNG, JPEG or other picture.

    Returns:
        (channel, row, column) in the data type of the file; gray images have one channel.

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


class ImageStack:
    """A stack of images on disk; indexing gives a tensor (channel, row, column), float32 or, with labels, int64.

    Where no image matches, the stack is empty and a UserWarning says so.

    Args:
        path_specifier: A folder, a file or a glob pattern; "~" is expanded and links are followed.
        collapse_channels: Average all channels to one.
        labels: k for label images with values 0 to k - 1, or the values themselves, such as [1, 2, 5], which become
            0, 1, 2 in their order; None for intensities.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.compat.msd_pytorch import ImageStack
        >>> for number in (2, 10):
        ...     tifffile.imwrite(f"scan{number}.tif", np.full((4, 5), number, np.float32))
        >>> stack = ImageStack("scan*.tif")
        >>> len(stack), stack[0].shape, stack[1].mean().item()
        (2, torch.Size([1, 4, 5]), 10.0)
    """

    def __init__(
        self, path_specifier: str | Path, *, collapse_channels: bool = False, labels: Labels = None
    ) -> None:
        self.path_specifier, self.collapse_channels = path_specifier, collapse_channels
        self.labels = (
            list(range(labels)) if isinstance(labels, int) else labels if labels is None else list(labels)
        )
        self.paths = find_images(path_specifier)
        if not self.paths:
            warnings.warn(nothing_found(path_specifier), stacklevel=2)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> Tensor:
        image = read_image(self.paths[i]).astype(np.float32 if self.labels is None else np.float64)
        if self.collapse_channels:
            image = image.mean(axis=0, keepdims=True)
        if self.labels is None:
            return torch.from_numpy(image)
        return self._as_labels(image, self.paths[i])

    def _as_labels(self, image: np.ndarray, path: Path) -> Tensor:
        assert self.labels is not None
        result = np.full(image.shape, -1, dtype=np.int64)
        for index, value in enumerate(self.labels):
            result[image == value] = index
        if result.min() < 0:
            strange = sorted(set(image[result < 0].tolist()))[:5]
            raise LabelError(f"{path} holds values that are not among the labels {self.labels}: {strange}.")
        return torch.from_numpy(result)

    @property
    def num_labels(self) -> int:
        """Number of labels.

        Raises:
            RuntimeError: The stack has none.
        """
        if self.labels is None:
            raise RuntimeError("This stack holds intensities; pass labels= to make it a stack of labels.")
        return len(self.labels)


class ImageDataset(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of input and target images on disk.

    Args:
        input_path_specifier: A folder, a file or a glob pattern; "~" is expanded and links are followed.
        target_path_specifier: The same for the targets, which are paired with the inputs in natural order.
        collapse_channels: Average all channels of input and target to one.
        labels: Labels of the target images, as for ImageStack; None for intensities.

    Raises:
        InputError: There are not as many targets as inputs.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.compat.msd_pytorch import ImageDataset
        >>> tifffile.imwrite("image.tif", np.ones((4, 5), np.float32))
        >>> tifffile.imwrite("label.tif", np.full((4, 5), 255, np.uint8))
        >>> image, label = ImageDataset("image.tif", "label.tif", labels=[0, 255])[0]
        >>> label.dtype, label.unique()
        (torch.int64, tensor([1]))
    """

    def __init__(
        self,
        input_path_specifier: str | Path,
        target_path_specifier: str | Path,
        *,
        collapse_channels: bool = False,
        labels: Labels = None,
    ) -> None:
        self.input_stack = ImageStack(input_path_specifier, collapse_channels=collapse_channels)
        self.target_stack = ImageStack(
            target_path_specifier, collapse_channels=collapse_channels, labels=labels
        )
        for empty, full in ((self.input_stack, self.target_stack), (self.target_stack, self.input_stack)):
            if len(full) and not len(empty):
                raise InputError(nothing_found(empty.path_specifier))
        if len(self.input_stack) != len(self.target_stack):
            raise InputError(
                f"There are {len(self.input_stack)} inputs ({input_path_specifier}) but {len(self.target_stack)} "
                f"targets ({target_path_specifier}); give one target per input."
            )

    def __len__(self) -> int:
        return len(self.input_stack)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        return self.input_stack[i], self.target_stack[i]

    @property
    def num_labels(self) -> int:
        """Number of labels of the target stack.

        Raises:
            RuntimeError: It has none.
        """
        return self.target_stack.num_labels
