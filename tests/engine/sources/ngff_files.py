"""Small OME-Zarr images for the tests."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from wholefield.sources.slides.image import AnyArray


def noise(*shape: int, dtype: str = "u2") -> AnyArray:
    return (np.random.default_rng(8).random(shape) * 250).astype(dtype)


def axis(letter: str, unit: str | None = "micrometer") -> dict[str, str]:
    kind = {"t": "time", "c": "channel"}.get(letter, "space")
    return {"name": letter, "type": kind} | ({"unit": unit} if unit and kind == "space" else {})


def write(
    path: Path,
    levels: list[AnyArray],
    axes: str,
    version: str = "0.4",
    unit: str | None = "micrometer",
    omero: dict[str, Any] | None = None,
    inside: str = "",
) -> Path:
    """Write an OME-Zarr image, in a subgroup if `inside` names one."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    if inside:
        group = group.create_group(inside)
    datasets = []
    for index, level in enumerate(levels):
        group.create_array(str(index), data=level, chunks=tuple(min(side, 20) for side in level.shape))
        scale = [0.25 * 2**index if letter in "yx" else 1.0 for letter in axes]
        datasets.append(
            {"path": str(index), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        )
    scales = {
        "axes": [axis(letter, unit) for letter in axes],
        "datasets": datasets,
        "coordinateTransformations": [{"type": "scale", "scale": [2.0 if a == "y" else 1.0 for a in axes]}],
        "name": "made up",
    }
    content: dict[str, Any] = {"multiscales": [scales]} | ({"omero": omero} if omero else {})
    group.attrs.update(content if version == "0.4" else {"ome": content | {"version": version}})
    return path
