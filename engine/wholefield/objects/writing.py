"""Objects as files: a table (CSV, Parquet), outlines (GeoJSON) and a label image (OME-Zarr)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from wholefield.errors import SettingError
from wholefield.export.geojson import outlines
from wholefield.files import replacing, replacing_folder
from wholefield.objects.finding import Objects
from wholefield.sources.rect import Rect
from wholefield.sources.zarr_layout import is_zarr

Spacing = tuple[float, float] | None
CHUNK = 512
PLACES = ("top", "left", "bottom", "right")


def write_objects(path: Path, objects: Objects, spacing: Spacing = None, name: str = "Object") -> None:
    """Write objects; the ending of the name decides how, and the file appears once it is complete.

    Args:
        path: A name that ends in .csv, .parquet, .geojson or .ome.zarr.
        objects: The objects.
        spacing: Size of a px along (y, x) in µm; None where it is not known.
        name: What GeoJSON calls their class.

    Raises:
        SettingError: The ending is none of these, or Parquet is not installed.
        OSError: The disk is full or may not be written to.
    """
    writer_of(path)(path, objects, spacing, name)


def writer_of(path: Path) -> Callable[[Path, Objects, Spacing, str], None]:
    """What writes a file of that name.

    Raises:
        SettingError: Nothing does.
    """
    found = next((writer for ending, writer in WRITERS.items() if path.name.lower().endswith(ending)), None)
    if found is None:
        raise SettingError(f"{path.name} does not end in {', '.join(WRITERS)}; choose one of these endings.")
    return found


def table_of(objects: Objects, spacing: Spacing = None) -> dict[str, np.ndarray]:
    """Label, measures and bounding box of every object by columns, in px; the area in µm², too, where that is known."""
    columns: dict[str, np.ndarray] = {"label": np.arange(1, len(objects) + 1)}
    columns |= {name: objects.measures[:, at] for at, name in enumerate(objects.names)}
    columns["area"] = columns["area"].astype(np.int64)
    if spacing is not None:
        columns["area_um2"] = columns["area"] * (spacing[0] * spacing[1])
    return columns | {name: objects.boxes[:, at] for at, name in enumerate(PLACES)}


def _write_csv(path: Path, objects: Objects, spacing: Spacing, _: str) -> None:
    table = table_of(objects, spacing)
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))


def _write_parquet(path: Path, objects: Objects, spacing: Spacing, _: str) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise SettingError(
            f'{path.name} needs a library for Parquet: pip install "wholefield[parquet]", or write .csv.'
        ) from error
    with replacing(path) as temporary:
        parquet.write_table(pyarrow.table(table_of(objects, spacing)), temporary)


def _write_geojson(path: Path, objects: Objects, spacing: Spacing, name: str) -> None:
    table = table_of(objects, spacing)
    measured = [each for each in table if each not in ("label", *PLACES)]
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for index in range(len(objects)):
            measures = {each: _number(table[each][index]) for each in measured}
            file.write(",\n" if index else "\n")
            json.dump(_feature(objects, index, name, measures), file)
        file.write("\n]}\n")


def _number(value: Any) -> float | None:
    """A number that JSON knows; None for what is not one."""
    return float(value) if np.isfinite(value) else None


def _feature(objects: Objects, index: int, name: str, measures: dict[str, float | None]) -> dict[str, Any]:
    top, left = objects.boxes[index, :2].tolist()
    parts = [
        [(ring + np.array([left, top])).tolist() for ring in each.rings]
        for each in outlines(objects.mask(index))
    ]
    single = len(parts) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": parts[0] if single else parts,
        },
        "properties": {
            "objectType": "detection",
            "classification": {"name": name},
            "name": str(index + 1),
            "measurements": {key: value for key, value in measures.items() if value is not None},
        },
    }


def _write_zarr(path: Path, objects: Objects, spacing: Spacing, _: str) -> None:
    """A label image of version 0.4, band by band; coarser levels take every second pixel."""
    if path.exists() and not (path.is_dir() and is_zarr(path)):
        raise SettingError(f"{path} exists already and is not a Zarr folder; choose another name.")
    height, width = objects.size
    with replacing_folder(path) as temporary:
        group = zarr.open_group(temporary, mode="w", zarr_format=2)
        levels: list[Any] = []
        while not levels or max(height, width) >> (len(levels) - 1) > CHUNK:
            step = 2 ** len(levels)
            levels.append(
                group.create_array(
                    str(len(levels)), shape=(-(-height // step), -(-width // step)),
                    chunks=(max(CHUNK // step, 1), CHUNK), dtype="u4", fill_value=0,
                    chunk_key_encoding={"name": "v2", "separator": "/"},
                )
            )  # fmt: skip
        for top in range(0, height, CHUNK):
            band = objects.labels(Rect(0, top, width, min(CHUNK, height - top)))
            for number, level in enumerate(levels):
                step = 2**number
                # A band of fewer rows than a step holds a row of the level only where the step meets its first.
                rows = band[-top % step :: step, ::step]
                level[-(-top // step) : -(-top // step) + len(rows)] = rows
        group.attrs.update(_described(path.name.split(".")[0], len(levels), spacing))


def _described(name: str, levels: int, spacing: Spacing) -> dict[str, Any]:
    unit = {"unit": "micrometer"} if spacing is not None else {}
    y, x = spacing or (1.0, 1.0)
    return {
        "multiscales": [
            {
                "version": "0.4",
                "name": name,
                "axes": [{"name": axis, "type": "space"} | unit for axis in "yx"],
                "datasets": [
                    {
                        "path": str(number),
                        "coordinateTransformations": [
                            {"type": "scale", "scale": [y * 2**number, x * 2**number]}
                        ],
                    }
                    for number in range(levels)
                ],
            }
        ],
        "image-label": {"version": "0.4"},
    }


WRITERS: dict[str, Callable[[Path, Objects, Spacing, str], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".geojson": _write_geojson,
    ".ome.zarr": _write_zarr,
}
