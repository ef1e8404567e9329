"""Writing pictures of any size as OME-Zarr (NGFF 0.5) with coarser levels, band by band."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from wholefield.errors import SettingError
from wholefield.export.pyramid import AnyArray, level_shapes
from wholefield.files import replacing_folder
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.pixels import shrink
from wholefield.sources.zarr_layout import is_zarr

CHUNK = 512
COARSEST = 512


def write_zarr_picture(
    path: Path,
    image: AnyArray,
    spacing: tuple[float, float] | None = None,
    names: tuple[str, ...] = (),
    progress: ProgressCallback | None = None,
    *,
    labels: bool = False,
) -> None:
    """Write a picture as an OME-Zarr folder; it appears under its name once it is complete.

    Args:
        path: The folder; an OME-Zarr of that name is replaced.
        image: (height, width, channels), in memory or a memory map; it is read in bands of rows.
        spacing: Micrometers per pixel along (y, x), if known.
        names: What the channels are called; none, or one for each.
        progress: Called with the rows written and the rows of all levels; an error that it raises stops the writing.
        labels: Whether the values are labels, of which there is no mean: coarser levels take every second one.

    Raises:
        SettingError: `path` is something other than a Zarr folder.
        OSError: The disk is full or may not be written to.
    """
    if path.exists() and not (path.is_dir() and is_zarr(path)):
        raise SettingError(f"{path} exists already and is not a Zarr folder; choose another name.")
    height, width, channels = image.shape
    shapes = level_shapes((height, width, channels), COARSEST)
    total, done = sum(shape[0] for shape in shapes), 0
    with replacing_folder(path) as temporary:
        group = zarr.open_group(temporary, mode="w", zarr_format=3)
        before: Any = None
        for index, (rows, columns, count) in enumerate(shapes):
            array = group.create_array(
                str(index), shape=(count, rows, columns), chunks=(1, min(CHUNK, rows), min(CHUNK, columns)),
                dtype=image.dtype, dimension_names=["c", "y", "x"],
            )  # fmt: skip
            for top in range(0, rows, CHUNK):
                end = min(top + CHUNK, rows)
                array[:, top:end] = np.moveaxis(_band(image, before, top, end, labels), -1, 0)
                done += end - top
                if progress is not None:
                    progress(done, total)
            before = array
        group.attrs["ome"] = _described(path.name.split(".")[0], shapes, spacing, names)


def _band(image: AnyArray, before: Any, top: int, end: int, labels: bool) -> AnyArray:
    """Rows of a level: of the image, or half as many as those of the level before."""
    if before is None:
        return np.asarray(image[top:end])
    fine = np.moveaxis(np.asarray(before[:, 2 * top : 2 * end]), 0, -1)
    return fine[::2, ::2] if labels else shrink(fine, 2)


def _described(
    name: str,
    shapes: list[tuple[int, int, int]],
    spacing: tuple[float, float] | None,
    names: tuple[str, ...],
) -> dict[str, Any]:
    unit = {"unit": "micrometer"} if spacing is not None else {}
    fine = spacing or (1.0, 1.0)
    factors = [(shapes[0][0] / shape[0], shapes[0][1] / shape[1]) for shape in shapes]
    described: dict[str, Any] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": name,
                "axes": [
                    {"name": "c", "type": "channel"},
                    *({"name": axis, "type": "space"} | unit for axis in "yx"),
                ],
                "datasets": [
                    {
                        "path": str(index),
                        "coordinateTransformations": [
                            {"type": "scale", "scale": [1.0, fine[0] * factor[0], fine[1] * factor[1]]}
                        ],
                    }
                    for index, factor in enumerate(factors)
                ],
            }
        ],
    }
    if names:
        described["omero"] = {
            "channels": [{"label": each, "color": "FFFFFF", "active": True} for each in names]
        }
    return described
