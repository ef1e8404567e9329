"""The mask table of a training on drawn labels, made from the files of shapes beside the slides."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import shapely

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.labels import read_geojson, rectangle
from wholefield.labels.places import SHAPES
from wholefield.sources import open_image
from wholefield.sources.rect import Rect

SUFFIX = ".training.csv"
# Pixels around the labels that belong to a region: what a network sees beside them.
MARGIN = 64
CUTS = 24

Areas = dict[int, shapely.geometry.base.BaseGeometry]
"""What every class covers."""


def write_drawn_table(slide: Path, labels: Path) -> Path:
    """Write the table of a training on the labels of a slide and of those beside it that have labels.

    Where only one slide has labels, it is cut in two between them: one part trains and the other validates, so that
    no pixel does both. Of every slide the part around its labels is used.

    Args:
        slide: The slide.
        labels: The GeoJSON file of its labels.

    Returns:
        The table, beside the labels.

    Raises:
        SourceError: A slide or a file of shapes cannot be read.
        SettingError: The labels cannot be cut in two parts with two classes each.
    """
    others = [
        path.with_name(path.name.removesuffix(SHAPES)) for path in sorted(slide.parent.glob(f"*{SHAPES}"))
    ]
    labeled = {slide: labels} | {path: path.with_name(path.name + SHAPES) for path in others if path.exists()}
    areas = {path: (_areas(mask), _size(path)) for path, mask in labeled.items()}
    used = {path: found for path, found in areas.items() if found[0]}
    if len(used) > 1:
        rows = [(path, _around(found, size)) for path, (found, size) in used.items()]
    else:
        found, size = areas[slide]
        rows = [(slide, _around(part, size)) for part in _cut_in_two(slide, found, size)]
    table = labels.with_name(slide.name + SUFFIX)
    with replacing(table) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "mask", "x", "y", "width", "height"))
        writer.writerows((str(path), str(labeled[path]), *region) for path, region in rows)
    return table


def _areas(labels: Path) -> Areas:
    found: dict[int, list[shapely.geometry.base.BaseGeometry]] = {}
    for shape in read_geojson(labels).shapes:
        if shape.value:
            found.setdefault(shape.value, []).append(shape.geometry)
    return {value: shapely.union_all(parts) for value, parts in found.items()}


def _size(slide: Path) -> tuple[int, int]:
    with open_image(slide) as source:
        return source.width, source.height


def _around(areas: Areas, size: tuple[int, int]) -> Rect[int]:
    """The part of a slide around labels."""
    left, top, right, bottom = shapely.total_bounds(list(areas.values())).tolist()
    whole = Rect(0, 0, *size)
    start = (int(left) - MARGIN, int(top) - MARGIN)
    return Rect(*start, int(right) + MARGIN - start[0], int(bottom) + MARGIN - start[1]).intersected(whole)


def _cut_in_two(slide: Path, areas: Areas, size: tuple[int, int]) -> Sequence[Areas]:
    """Labels on both sides of the straight cut that leaves most classes on both, and then areas most alike."""
    left, top, right, bottom = shapely.total_bounds(list(areas.values())).tolist()
    width, height = size
    cuts: list[tuple[Rect[float], Rect[float]]] = []
    for part in range(1, CUTS):
        x = round(left + (right - left) * part / CUTS)
        y = round(top + (bottom - top) * part / CUTS)
        cuts.append((Rect(0, 0, x, height), Rect(x, 0, width - x, height)))
        cuts.append((Rect(0, 0, width, y), Rect(0, y, width, height - y)))
    halves = max(([_inside(areas, side) for side in cut] for cut in cuts), key=_worth)
    if len(set(halves[0]) & set(halves[1])) < 2:
        raise SettingError(
            f"The labels of {slide.name} cannot be cut into a part to train on and one to validate with two classes in "
            "both; label each class in two places at least, or a second slide of the folder."
        )
    return halves


def _inside(areas: Areas, rect: Rect[float]) -> Areas:
    box = rectangle(*rect)
    parts = {value: shapely.intersection(area, box) for value, area in areas.items()}
    return {value: part for value, part in parts.items() if part.area > 0}


def _worth(halves: Sequence[Areas]) -> tuple[int, float]:
    both = set(halves[0]) & set(halves[1])
    least = [
        min(half[value].area for half in halves) / max(half[value].area for half in halves) for value in both
    ]
    return len(both), min(least, default=0.0)
