"""Annotations as GeoJSON, the way QuPath writes and reads them: features with classes, names and holes."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape as geometry_from
from shapely.geometry.base import BaseGeometry

from wholefield.errors import SourceError
from wholefield.files import replacing
from wholefield.labels.classes import Color, LabelClass, LabelClasses
from wholefield.labels.shapes import Shape, areas_of

MOST_BYTES = 2**31
OWN = "wholefield"
"""A member beside the features that other programs pass over: values, keys and locks of the classes."""

# A thousandth of a pixel: enough for outlines, and short.
DECIMALS = 3
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Imported:
    """What a file of annotations holds.

    Attributes:
        classes: The classes, those known before first.
        shapes: The areas, from bottom to top.
        left_out: What was not taken over, in words, and how often.
        mended: How many outlines crossed themselves and were made valid.
    """

    classes: LabelClasses
    shapes: tuple[Shape, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    mended: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is not as in the file."""
        found = []
        if self.left_out:
            told = ", ".join(f"{count:,} {what}" for what, count in self.left_out.items())
            found.append(f"Left out: {told}; labels are areas of one plane.")
        if self.mended:
            found.append(f"{self.mended:,} outlines that cross themselves were made valid.")
        return tuple(found)


def read_geojson(path: Path, classes: LabelClasses | None = None) -> Imported:
    """Read annotations, as QuPath exports them (`.geojson`, `.json`, also compressed with gzip).

    Args:
        path: The file: a FeatureCollection, a list of features, a feature, or a geometry.
        classes: Classes to match by name; what the file adds comes behind them. They are not changed.

    Returns:
        Shapes in pixels of level 0, with classes, names, locks, holes and what else QuPath wrote about them.

    Raises:
        SourceError: The file cannot be read, or is something else.
    """
    content = _content(path)
    known = _classes(content, classes, path)
    left_out: Counter[str] = Counter()
    shapes: list[Shape] = []
    mended = 0
    for feature in _features(content, path):
        given = _geometry(feature, path)
        if given is None:
            left_out["features without a geometry"] += 1
        elif _plane(feature) != (0, 0):
            left_out["shapes on other planes or time points"] += 1
        elif given.geom_type not in ("Polygon", "MultiPolygon"):
            left_out["points and lines"] += 1
        else:
            area = areas_of(given)
            if area.is_empty:
                left_out["outlines without an area"] += 1
            else:
                mended += not given.is_valid
                shapes.append(_shape(feature, area, known))
    return Imported(known, tuple(shapes), dict(left_out), mended)


def write_geojson(path: Path, shapes: Iterable[Shape], classes: LabelClasses) -> None:
    """Write annotations as a FeatureCollection that QuPath opens; the file appears once it is complete.

    Args:
        path: The file; compressed where its name ends in `.gz`.
        shapes: What to write, such as `Annotations`, from bottom to top.
        classes: The classes of their values.

    Raises:
        OSError: The disk is full or may not be written to.
    """
    features = [_feature(shape, classes) for shape in shapes]
    own = {"classes": [vars(each) for each in classes]}
    text = json.dumps({"type": "FeatureCollection", "features": features, OWN: own}, allow_nan=False)
    data = text.encode()
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def is_geojson(path: Path, head: bytes) -> bool:
    """Whether a file begins like annotations: JSON that soon says that it is of a type of GeoJSON."""
    start = head
    if head[:2] == GZIP and path.name.endswith(".gz"):
        try:
            start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head)
        except zlib.error:
            return False
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    kinds = (b'"FeatureCollection"', b'"Feature"')
    return text[:1] in (b"{", b"[") and (any(kind in text for kind in kinds) or path.suffix == ".geojson")


def _content(path: Path) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{path} has more than 2 GiB; export the annotations in several files.")
        data = path.read_bytes()
        if data[:2] == GZIP:
            unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = unpacking.decompress(data, MOST_BYTES)
            if unpacking.unconsumed_tail or not unpacking.eof:
                raise SourceError(f"{path} is cut short or unpacks to more than 2 GiB; export it again.")
        return json.loads(data)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError, zlib.error) as error:
        raise SourceError(
            f"{path} is damaged or not GeoJSON ({error}); export the annotations again."
        ) from error


def _features(content: Any, path: Path) -> Iterator[dict[str, Any]]:
    listed = content.get("features") if isinstance(content, dict) else content
    if isinstance(content, dict) and content.get("type") == "Feature":
        listed = [content]
    elif isinstance(content, dict) and "coordinates" in content:
        listed = [{"geometry": content}]
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise SourceError(
            f"{path} is JSON, but not of annotations; choose a GeoJSON file, as QuPath exports it."
        )
    return iter(listed)


def _geometry(feature: Mapping[str, Any], path: Path) -> BaseGeometry | None:
    given = feature.get("geometry")
    if not isinstance(given, dict):
        return None
    try:
        found: BaseGeometry = geometry_from(given)
        coordinates = shapely.get_coordinates(found)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        shapely.errors.ShapelyError,
    ) as error:
        raise SourceError(f"{path} has a damaged outline ({error}); export the annotations again.") from error
    if not all(map(math.isfinite, coordinates.ravel().tolist())):
        raise SourceError(f"{path} has an outline with a corner that is not a number; export it again.")
    return shapely.force_2d(found) if found.has_z else found


def _plane(feature: Mapping[str, Any]) -> tuple[int, int]:
    """Index of the plane and of the time point that a feature lies on."""
    geometry = feature.get("geometry")
    plane = geometry.get("plane") if isinstance(geometry, dict) else None
    if not isinstance(plane, dict):
        return 0, 0
    return _whole(plane.get("z")), _whole(plane.get("t"))


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _shape(feature: Mapping[str, Any], area: BaseGeometry, classes: LabelClasses) -> Shape:
    properties = dict(_properties(feature))
    name, color = _class_of(properties)
    value = 0
    if name:
        known = next((each for each in classes if each.name == name), None)
        value = (known or classes.add(name, color)).value
    properties.pop("classification", None)
    own = {"name": str(properties.pop("name", "") or ""), "locked": bool(properties.pop("isLocked", False))}
    if isinstance(feature.get("id"), str):
        own["id"] = feature["id"]
    return Shape(area, value, properties=properties, **own)  # type: ignore[arg-type]


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _class_of(properties: Mapping[str, Any]) -> tuple[str, Color | None]:
    """Name and color of a feature's class; derived classes are named as QuPath shows them, "Tumor: Positive"."""
    given = properties.get("classification")
    if isinstance(given, str):
        return given.strip(), None
    if not isinstance(given, dict):
        return "", None
    names = given.get("names")
    name = given.get("name") or (": ".join(map(str, names)) if isinstance(names, list) else "")
    return str(name).strip(), _color(given)


def _color(given: Mapping[str, Any]) -> Color | None:
    color, packed = given.get("color"), given.get("colorRGB")
    if isinstance(color, list) and len(color) >= 3 and all(isinstance(each, int) for each in color[:3]):
        red, green, blue = (min(max(each, 0), 255) for each in color[:3])
        return red, green, blue
    if isinstance(packed, int):
        return packed >> 16 & 255, packed >> 8 & 255, packed & 255
    return None


def _classes(content: Any, known: LabelClasses | None, path: Path) -> LabelClasses:
    """The classes known before, and those that the file keeps beside its features."""
    found = LabelClasses(known or ())
    own = content.get(OWN) if isinstance(content, dict) else None
    if not isinstance(own, dict) or not isinstance(own.get("classes"), list):
        return found
    try:
        kept = [LabelClass(**{**each, "color": tuple(each["color"])}) for each in own["classes"]]
        if not len(found):
            return LabelClasses(kept)
        for each in kept:
            if each.name not in found.names:
                found.add(each.name, each.color)
    except (TypeError, KeyError, ValueError) as error:
        raise SourceError(f"{path} has damaged classes ({error}); export the annotations again.") from error
    return found


def _feature(shape: Shape, classes: LabelClasses) -> dict[str, Any]:
    properties: dict[str, Any] = {"objectType": "annotation", **shape.properties}
    if shape.value:
        one = classes[shape.value]
        properties["classification"] = {"name": one.name, "color": list(one.color)}
    if shape.name:
        properties["name"] = shape.name
    if shape.locked:
        properties["isLocked"] = True
    # Rounding may make an outline touch itself; it is read back valid.
    rounded = shapely.transform(shape.geometry, lambda points: points.round(DECIMALS))
    return {
        "type": "Feature",
        "id": shape.id,
        "geometry": shapely.geometry.mapping(rounded),
        "properties": properties,
    }
