"""Where the labels of an image are kept: beside it, or among the user's data where that cannot be written to."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

SHAPES = ".labels.geojson"
VOXELS = ".labels.zarr"


def labels_beside(image: Path, suffix: str, elsewhere: Path) -> Path:
    """The file or folder of an image's labels.

    Args:
        image: The image or stack: a file or a folder.
        suffix: `SHAPES` or `VOXELS`.
        elsewhere: The folder for images whose own cannot be written to.

    Returns:
        The labels that exist, beside the image first; otherwise where new ones go.
    """
    beside = image.with_name(image.name + suffix)
    digest = sha256(os.fsencode(image.resolve())).hexdigest()[:12]
    away = elsewhere / f"{image.name}.{digest}{suffix}"
    if beside.exists() or (os.access(beside.parent, os.W_OK) and not away.exists()):
        return beside
    return away
