"""Shapes in pixels of level 0 and how tools make them; pixel i covers [i, i + 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Points = npt.NDArray[np.float64] | Sequence[tuple[float, float]]

# A circle of 4 x 16 edges differs from a true one by 0.12 % of its radius.
EDGES_PER_QUARTER = 16
# Points of a stroke closer to their line than this share of the radius say nothing about its outline.
STROKE_TOLERANCE = 0.02


@dataclass(frozen=True, eq=False)
class Shape:
    """One labeled area.

    Attributes:
        geometry: A valid Polygon or MultiPolygon, in pixels of level 0.
        value: The class; 0 for an area without one.
        name: What a person called it.
        locked: Whether it must stay as it is.
        id: A UUID, kept from and for other programs.
        properties: What another program wrote about it beyond these, kept for the way back.
    """

    geometry: BaseGeometry
    value: int = 0
    name: str = ""
    locked: bool = False
    id: str = field(default_factory=lambda: str(uuid4()))
    properties: Mapping[str, Any] = field(default_factory=dict)


def areas_of(geometry: BaseGeometry) -> BaseGeometry:
    """What of a geometry has an area, valid: a Polygon or MultiPolygon, empty where nothing has."""
    if geometry.geom_type in ("Polygon", "MultiPolygon") and geometry.is_valid:
        return geometry
    parts = shapely.get_parts(shapely.make_valid(geometry))
    # Making valid may leave lines beside the polygons, and collections of collections.
    while any(part.geom_type == "GeometryCollection" for part in parts):
        parts = shapely.get_parts(parts)
    polygons = [part for part in shapely.get_parts(parts) if part.geom_type == "Polygon"]
    found: BaseGeometry = shapely.union_all(polygons)
    return found if polygons else shapely.Polygon()


def rectangle(x: float, y: float, width: float, height: float) -> BaseGeometry:
    """An upright rectangle, in px of level 0."""
    found: BaseGeometry = shapely.box(x, y, x + width, y + height)
    return found


def ellipse(x: float, y: float, width: float, height: float) -> BaseGeometry:
    """The ellipse within an upright rectangle, in px of level 0."""
    angles = np.linspace(0, 2 * np.pi, 4 * EDGES_PER_QUARTER, endpoint=False)
    columns = x + width * (1 + np.cos(angles)) / 2
    rows = y + height * (1 + np.sin(angles)) / 2
    return areas_of(shapely.Polygon(np.stack([columns, rows], 1)))


def freehand(points: Points) -> BaseGeometry:
    """The area inside a closed line (n, 2) of (x, y), which may cross itself; empty for fewer than three points."""
    corners = np.asarray(points, np.float64)
    return areas_of(shapely.Polygon(corners)) if len(corners) >= 3 else shapely.Polygon()


def stroke(points: Points, radius: float) -> BaseGeometry:
    """What a round brush covers on its way along points (n, 2) of (x, y).

    Example:
        >>> from wholefield.labels import stroke
        >>> stroke([(10, 10), (30, 10)], 5).bounds
        (5.0, 5.0, 35.0, 15.0)
    """
    way = np.asarray(points, np.float64)
    line = shapely.Point(way[0]) if len(way) == 1 else shapely.LineString(way)
    thinned = line.simplify(radius * STROKE_TOLERANCE) if len(way) > 2 else line
    return areas_of(thinned.buffer(radius, quad_segs=EDGES_PER_QUARTER))
