"""Opens slides and pictures with the reader of their format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.sources.choices import Reading
from wholefield.sources.detection import open_as
from wholefield.sources.kinds import Kind

if TYPE_CHECKING:
    from wholefield.sources.slides.image import ImageSource


def open_image(
    path: str | Path, at: Mapping[str, int] | None = None, *, reading: Reading | str | None = None
) -> ImageSource:
    """Open an image file, or the folder of an OME-Zarr image; of a stack it opens one plane.

    Args:
        path: A slide, TIFF, OME-TIFF, OME-Zarr, PNG or JPEG.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.
        reading: Answers to what the file leaves open, see `questions_of`.

    Returns:
        The open image with all its levels; use it as a context manager, or close it.

    Raises:
        UnclearFileError: Two readings fit, or something is missing that `reading` has to say.
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_image
        >>> tifffile.imwrite("slide.tif", np.full((60, 80, 3), 200, np.uint8), tile=(16, 16))
        >>> with open_image("slide.tif") as slide:
        ...     slide.width, slide.height, slide.read_region(level=0, x=70, y=0, width=20, height=5).shape
        (80, 60, (5, 20, 3))
    """
    image: ImageSource = open_as(Kind.IMAGE, path, reading, at=at)
    return image
