"""Slices of one volume in order: along the normal of their planes, with times where a place occurs more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.sources.stacks.dicom.slices import Slice
from wholefield.sources.stacks.dicom.spacing import geometry_of_slices, step_warnings, steps_of
from wholefield.sources.stacks.dicom.times import Alike, same_instance, split_times
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.slices.names import natural_key

# Places closer than this share of a pixel are one: scanners write the same place with other last digits.
SAME_SHARE = 0.01
SAME_MM = 1e-3
Heights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Arrangement:
    """The slices in the order of the stack, where they lie, and what the user should know about it.

    Attributes:
        times: The slices of each time, all of the same number.
        geometry: Where the voxels lie.
        warnings: What is odd, in sentences.
        moment: What tells the times apart, such as "echo time 5, 10"; empty where there is one.
    """

    times: tuple[tuple[Slice, ...], ...]
    geometry: StackGeometry
    warnings: tuple[str, ...]
    moment: str = ""

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Those of the first time."""
        return self.times[0]


def arrange(slices: Sequence[Slice], alike: Alike = same_instance) -> Arrangement:
    """Sort slices along the normal of their planes, or by location, number or name where they have no position.

    Args:
        slices: Those of one volume, in any order.
        alike: Whether two slices of one place are copies of each other.
    """
    normal = normal_of(slices)
    if normal is not None:
        heights = np.array([each.position for each in slices], np.float64) @ normal
        return _by_height(slices, heights, normal, alike)
    if len(slices) == 1:
        return Arrangement((tuple(slices),), StackGeometry(), ())
    locations = [each.location for each in slices]
    if None not in locations:
        heights = np.array(locations, np.float64)
        found = _by_height(slices, heights, None, alike)
        # A location that is the same for all, or twice for a few, is none.
        if len(found.slices) * len(found.times) == len(slices) and len(found.slices) > 1:
            return found
    return _by_number(slices)


def normal_of(slices: Sequence[Slice]) -> Heights | None:
    """Unit normal of the planes; None unless all of them have a position and the first an orientation."""
    first = slices[0].orientation
    if first is None or any(each.position is None for each in slices):
        return None
    normal = np.cross(first[:3], first[3:])
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0 else None


def tolerance_of(slices: Sequence[Slice]) -> float:
    """Distance in mm below which two places are the same."""
    spacing = slices[0].pixel_spacing
    return SAME_SHARE * min(spacing) if spacing is not None and min(spacing) > 0 else SAME_MM


def _by_height(
    slices: Sequence[Slice], heights: Heights, normal: Heights | None, alike: Alike
) -> Arrangement:
    order = np.argsort(heights, kind="stable")
    places, levels = _places([slices[index] for index in order], heights[order], tolerance_of(slices))
    times = split_times(places, alike)
    steps = steps_of(levels[list(times.places)])
    first = times.times[0]
    told = () if normal is not None else (_told_without_position("the order of their slice locations"),)
    warnings = (*told, *times.warnings, *step_warnings(first, steps, normal))
    return Arrangement(times.times, geometry_of_slices(first, steps, normal), warnings, times.moment)


def _places(slices: list[Slice], heights: Heights, tolerance: float) -> tuple[list[list[Slice]], Heights]:
    """Sorted slices in groups of one height, and the heights."""
    places: list[list[Slice]] = []
    levels: list[float] = []
    for each, height in zip(slices, heights, strict=True):
        if levels and height - levels[-1] <= tolerance:
            places[-1].append(each)
        else:
            places.append([each])
            levels.append(float(height))
    return places, np.array(levels)


def _by_number(slices: Sequence[Slice]) -> Arrangement:
    numbers = {(each.number, each.frame) for each in slices}
    frames = len({each.path for each in slices}) == 1
    if len(numbers) == len(slices):
        ordered = sorted(slices, key=_number)
        by = "the order of the frames" if frames else "the order of their numbers"
    else:
        ordered = sorted(slices, key=_name)
        by = "the natural order of their file names"
    return Arrangement((tuple(ordered),), StackGeometry(), (_told_without_position(by),))


def _told_without_position(by: str) -> str:
    return f"The slices have no position; they are in {by}."


def _number(each: Slice) -> tuple[int, int]:
    return each.number, each.frame


def _name(each: Slice) -> tuple[object, ...]:
    return natural_key(str(each.path.parent)), natural_key(each.path.name), each.frame
