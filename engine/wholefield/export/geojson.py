"""Outlines of labeled pixels as GeoJSON, as QuPath reads it: one feature per object, in pixels of level 0."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wholefield.files import replacing
from wholefield.progress import ProgressCallback

Ring = NDArray[np.float64]
"""(n, 2) corners (x, y); the last is the first again."""


@dataclass(frozen=True, eq=False)
class Polygon:
    """The outline of one object: its outer ring, and one ring for each hole."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        """The outer ring, then the holes."""
        return self.outer, *self.holes

    @property
    def area(self) -> float:
        """Area inside the outer ring and outside of the holes."""
        return _area(self.outer) - sum(map(_area, self.holes))


def outlines(mask: NDArray[np.bool_]) -> list[Polygon]:
    """The objects of a mask (h, w), along the edges of its pixels; pixel i covers [i, i + 1).

    Pixels that touch at a corner belong to one object. The areas are exactly the numbers of pixels.
    """
    # cv2 runs through the middles of pixels. At twice the size the middles of a pixel's two halves round to its edges.
    large = np.repeat(np.repeat(mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    contours, tree = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return []
    rings = [_ring(contour) for contour in contours]
    holes: dict[int, list[Ring]] = {}
    for ring, (_, _, _, parent) in zip(rings, tree[0], strict=True):
        if parent >= 0:
            holes.setdefault(int(parent), []).append(ring)
    outer = [index for index, (_, _, _, parent) in enumerate(tree[0]) if parent < 0]
    return [Polygon(rings[index], tuple(holes.get(index, ()))) for index in outer]


def write_outlines(
    path: Path,
    labels: NDArray[np.unsignedinteger[Any]],
    names: Sequence[str],
    scale: tuple[float, float] = (1.0, 1.0),
    colors: Sequence[tuple[int, int, int]] | None = None,
    progress: ProgressCallback | None = None,
) -> int:
    """Write the objects of every class but the first, which is the background.

    Args:
        path: The file; it appears once it is complete.
        labels: (h, w) class indices.
        names: What the classes are called.
        scale: Pixels of level 0 per pixel of `labels` along (x, y).
        colors: (red, green, blue) of every class; None leaves them to the program that reads the file.
        progress: Called with the classes written and all classes; an error that it raises stops the writing.

    Returns:
        How many objects there are.
    """
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for index in range(1, len(names)):
            look: dict[str, Any] = {"name": names[index]}
            if colors is not None:
                look["color"] = list(colors[index])
            for feature in _features(outlines(labels == index), look, scale):
                file.write(",\n" if count else "\n")
                json.dump(feature, file)
                count += 1
            if progress is not None:
                progress(index, len(names) - 1)
        file.write("\n]}\n")
    return count


def _features(
    polygons: Sequence[Polygon], look: dict[str, Any], scale: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    for polygon in polygons:
        rings = [np.round(ring * scale, 3).tolist() for ring in polygon.rings]
        area = round(polygon.area * scale[0] * scale[1], 3)
        yield {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": rings},
            "properties": {
                "objectType": "annotation",
                "classification": look,
                "measurements": {"Area px^2": area},
            },
        }


def _ring(contour: NDArray[np.int32]) -> Ring:
    """The corners of a contour at twice the size, (n, 1, 2), on the edges of pixels."""
    points = (contour[:, 0] + 1) // 2
    points = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    back = np.einsum("ij,ij->i", before, after) < 0
    corners = points[(turns != 0) | back]
    return np.concatenate([corners, corners[:1]]).astype(np.float64)


def _area(ring: Ring) -> float:
    x, y = ring[:-1].T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
