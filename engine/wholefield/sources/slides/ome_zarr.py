"""OME-Zarr images (NGFF 0.4 and 0.5), in a folder or zipped, read chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.reading import closed, damaged, unreadable
from wholefield.sources.slides.axes import other_axes
from wholefield.sources.slides.image import (
    AnyArray,
    ChannelLook,
    Description,
    levels_from_sizes,
    plausible_spacing,
)
from wholefield.sources.slides.tiled import TiledSource
from wholefield.sources.units import to_micrometers
from wholefield.sources.zarr_layout import axis_letters, oversized_json

# Small chunks are gathered into tiles of at least this side, so that a region does not cost a call for each.
SMALLEST_TILE = 256


class OmeZarrSource(TiledSource):
    """The first multiscale image of an OME-Zarr group."""

    def __init__(
        self,
        path: Path,
        store: Any,
        arrays: list[Any],
        axes: str,
        at: Mapping[str, int],
        description: Description,
    ) -> None:
        """Use `open_ome_zarr`.

        Args:
            path: Folder or zip file.
            store: The open Zarr store.
            arrays: Zarr arrays, finest first.
            axes: Letters of their axes, such as "CZYX".
            at: Position along every axis other than C, Y and X.
            description: What is known of the image.
        """
        super().__init__(path, description, tuple(_tile_size(array, axes) for array in arrays))
        self._store = store
        self._arrays = arrays
        self._axes = axes
        self._at = at
        self._closed = False

    def close(self) -> None:
        """Forget the tiles and close the store."""
        self._closed = True
        super().close()
        self._store.close()

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        if self._closed:
            raise closed(self.name)
        height, width = self.tile_sizes[level]
        ranges = {
            "C": slice(None),
            "Y": slice(row * height, (row + 1) * height),
            "X": slice(column * width, (column + 1) * width),
        }
        selection = tuple(ranges.get(letter, self._at.get(letter, 0)) for letter in self._axes)
        try:
            values = np.asarray(self._arrays[level][selection])
        except Exception as error:  # stores and codecs raise errors of their own kinds
            raise damaged(self.path, error) from error
        kept = [letter for letter in self._axes if letter in ranges]
        if "C" not in kept:
            return values.transpose([kept.index(letter) for letter in "YX"])[..., None]
        return values.transpose([kept.index(letter) for letter in "YXC"])


def open_ome_zarr(
    path: Path, reading: Reading | None = None, at: Mapping[str, int] | None = None
) -> OmeZarrSource:
    """Open the first image of an OME-Zarr folder or zip file; it leaves nothing open.

    Raises:
        SourceError: It is not an OME-Zarr image, or parts of it are missing.
    """
    (reading or Reading()).only(path)
    store, group = open_group(path)
    try:
        return _from_group(path, store, group, at or {})
    except SourceError:
        raise
    except Exception as error:
        raise unreadable(path, "OME-Zarr", error) from error


def open_group(path: Path) -> tuple[Any, Any]:
    """The store of a Zarr folder or zip file, which has to be closed, and its group.

    Raises:
        SourceError: It is not a Zarr group.
    """
    try:
        if large := oversized_json(path):
            raise SourceError(
                f"{path} holds {large}, which is larger than any JSON of a Zarr; it is no image."
            )
        store = (
            zarr.storage.ZipStore(path, mode="r")
            if path.is_file()
            else zarr.storage.LocalStore(path, read_only=True)
        )
        return store, zarr.open_group(store, mode="r")
    except SourceError:
        raise
    except RecursionError as error:
        raise unreadable(path, "OME-Zarr", "its JSON is nested too deeply") from error
    except Exception as error:
        raise unreadable(path, "OME-Zarr", error) from error


def _from_group(path: Path, store: Any, group: Any, at: Mapping[str, int]) -> OmeZarrSource:
    group = image_group(path, group)
    ome = ome_of(group)
    scales = ome["multiscales"][0]
    arrays = [group[dataset["path"]] for dataset in scales["datasets"]]
    axes = axis_letters(scales.get("axes"), arrays[0].ndim)
    if arrays[0].dtype.kind not in "buif":
        raise SourceError(
            f"{path} has pixels of type {arrays[0].dtype}; save it with integer or floating-point pixels."
        )
    shape = arrays[0].shape
    others = other_axes(axes, shape)
    for letter, position in at.items():
        if not 0 <= position < others.get(letter, 1):
            raise SourceError(
                f"{path} has {others.get(letter, 1)} positions along axis {letter}, not {position}."
            )
    channels = shape[axes.index("C")] if "C" in axes else 1
    sizes = [(array.shape[axes.index("X")], array.shape[axes.index("Y")]) for array in arrays]
    looks = looks_of(ome, channels)
    metadata = {"name": str(scales.get("name", "")), "axes": axes} | {
        f"length of axis {letter}": str(length) for letter, length in others.items()
    }
    description = Description(
        "OME-Zarr",
        levels_from_sizes(sizes),
        channels,
        np.dtype(arrays[0].dtype).newbyteorder("="),
        _spacing(scales, axes),
        {key: value for key, value in metadata.items() if value},
        looks,
    )
    return OmeZarrSource(path, store, arrays, axes, at, description)


def ome_of(group: Any) -> dict[str, Any]:
    """The OME attributes of a group, which version 0.5 moved under a key of their own."""
    attributes = dict(group.attrs)
    return dict(attributes.get("ome", attributes))


def image_group(path: Path, group: Any) -> Any:
    """The group with the image itself, which bioformats2raw puts into a subgroup named 0."""
    if ome_of(group).get("multiscales"):
        return group
    if "plate" in ome_of(group):
        raise SourceError(f"{path} is a plate of many images; open one of the fields inside it.")
    inner = group.get("0")
    if isinstance(inner, zarr.Group) and ome_of(inner).get("multiscales"):
        return inner
    raise SourceError(f"{path} is Zarr without an OME image; open the folder that has its multiscales.")


def scale_factors(scales: dict[str, Any], axes: str) -> npt.NDArray[np.float64]:
    """How far a step along each axis of the finest level goes, in the unit of the axis.

    Not-a-number for all where a scale has not one number for each axis, so that no one knows which are meant.
    """
    factors = np.ones(len(axes))
    for holder in (scales["datasets"][0], scales):
        for transformation in holder.get("coordinateTransformations", []):
            if transformation.get("type") == "scale" and "scale" in transformation:
                scale = transformation["scale"]
                factors *= scale if len(scale) == len(axes) else np.nan
    return factors


def _spacing(scales: dict[str, Any], axes: str) -> tuple[float, float] | None:
    factors = scale_factors(scales, axes)
    described = [axis if isinstance(axis, dict) else {} for axis in scales.get("axes") or [{}] * len(axes)]
    y, x = (
        to_micrometers(float(factors[axes.index(letter)]), described[axes.index(letter)].get("unit"))
        for letter in "YX"
    )
    return plausible_spacing(y, x)


def looks_of(ome: dict[str, Any], channels: int) -> tuple[ChannelLook, ...]:
    """How every channel wants to be shown, if the file says so for each."""
    described = (ome.get("omero") or {}).get("channels") or []
    return tuple(map(_look, described, range(channels))) if len(described) == channels else ()


def _look(channel: dict[str, Any], index: int) -> ChannelLook:
    window = channel.get("window") or {}
    limits = (float(window["start"]), float(window["end"])) if {"start", "end"} <= window.keys() else None
    color = str(channel.get("color") or "").lstrip("#")
    rgb = tuple(bytes.fromhex(color)) if len(color) == 6 else None
    return ChannelLook(
        str(channel.get("label") or f"Channel {index + 1}"), (rgb[0], rgb[1], rgb[2]) if rgb else None, limits
    )


def _tile_size(array: Any, axes: str) -> tuple[int, int]:
    height, width = (array.chunks[axes.index(letter)] for letter in "YX")
    return tuple(-(-SMALLEST_TILE // side) * side for side in (height, width))
