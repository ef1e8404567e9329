"""What counts as an object, and the files that objects are written to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ENDINGS = (".csv", ".parquet", ".geojson", ".ome.zarr")


class Split(StrEnum):
    """How components of objects that touch are split.

    DISTANCE floods from the places that lie deepest inside, BOUNDARY from the same places along the values of the map,
    which fall towards boundaries.
    """

    NONE = "none"
    DISTANCE = "distance"
    BOUNDARY = "boundary"


@dataclass(frozen=True)
class ObjectRules:
    """What counts as an object.

    Attributes:
        diagonal: Whether pixels that touch at a corner belong together.
        split: How objects that touch are split.
        distance: Smallest distance between the middles of two objects that are split, in px.
        smallest: Pixels of the smallest object.
        largest: Pixels of the largest object; None for any.
    """

    diagonal: bool = True
    split: Split = Split.NONE
    distance: int = 5
    smallest: int = 1
    largest: int | None = None
