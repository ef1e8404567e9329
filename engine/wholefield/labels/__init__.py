"""Labels that people draw: classes, shapes on slides, voxels in stacks, undo, and the files that keep them.

Imports no torch and no Qt. A slide's labels are shapes in pixels of level 0 (`Annotations`), which other programs keep
as GeoJSON; a stack's are sparse voxels (`VoxelLabels`). Both share their classes and the history of edits.
"""

from wholefield.labels.annotations import Annotations
from wholefield.labels.classes import LabelClass, LabelClasses
from wholefield.labels.geojson import Imported, read_geojson, write_geojson
from wholefield.labels.history import Change, History
from wholefield.labels.interpolation import between
from wholefield.labels.rasterize import rasterize
from wholefield.labels.shapes import Shape, ellipse, freehand, rectangle, stroke
from wholefield.labels.tissue import Tissue, find_tissue
from wholefield.labels.voxels import VoxelLabels

__all__ = [
    "Annotations",
    "Change",
    "History",
    "Imported",
    "LabelClass",
    "LabelClasses",
    "Shape",
    "Tissue",
    "VoxelLabels",
    "between",
    "ellipse",
    "find_tissue",
    "freehand",
    "rasterize",
    "read_geojson",
    "rectangle",
    "stroke",
    "write_geojson",
]
