"""Where the slices of a DICOM series lie: sorted along the normal of their planes, with what is odd about it.

Position and orientation of a plane are explained in DICOM PS3.3, section C.7.6.2.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes

LPS_SIGNS = (-1, -1, 1)
TILT_DEGREES = 0.5
UNEVEN_SHARE = 0.01


@dataclass(frozen=True)
class Slice:
    """One plane of a series.

    Attributes:
        path: Its file.
        frame: Its number in the file.
        number: Instance number, which counts where there is no position.
        position: (3,) center of the first pixel in mm, left, posterior, superior; None where the file does not say.
        orientation: (6,) directions of a row and of a column; None where the file does not say.
        pixel_spacing: mm between rows and between columns; None where the file does not say.
        thickness: mm; None where the file does not say.
        scale: Slope and intercept from stored values to values.
    """

    path: Path
    frame: int
    number: int
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    thickness: float | None
    scale: tuple[float, float]


@dataclass(frozen=True)
class Arrangement:
    """The slices in the order of the stack, where they lie, and what the user should know about it."""

    slices: tuple[Slice, ...]
    geometry: StackGeometry
    warnings: tuple[str, ...]


def slices_of(path: Path, dataset: Any) -> list[Slice]:
    """The planes in one file; those of a multi-frame file come from its functional groups."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    each = dataset.get("PerFrameFunctionalGroupsSequence") or []
    return [
        _slice(
            path,
            dataset,
            frame,
            [group for group in (each[frame] if frame < len(each) else None, shared) if group],
        )
        for frame in range(frames)
    ]


def arrange(slices: Sequence[Slice]) -> Arrangement:
    """Sort slices along the normal of their planes, or by number where they have no position."""
    normal = _normal(slices)
    if normal is None:
        ordered = tuple(sorted(slices, key=lambda each: (each.number, each.frame)))
        missing = ("The slices have no position; they are in the order of their numbers.",)
        return Arrangement(ordered, StackGeometry(), missing if len(ordered) > 1 else ())
    places = np.array([each.position for each in slices], np.float64)
    order = np.argsort(places @ normal, kind="stable")
    ordered, positions = tuple(slices[index] for index in order), places[order]
    heights = positions @ normal
    return Arrangement(ordered, _geometry(ordered, positions, heights), _warnings(positions, heights, normal))


def _slice(path: Path, dataset: Any, frame: int, groups: list[Any]) -> Slice:
    def find(name: str, *sequences: str) -> Any:
        for group in groups:
            for sequence in sequences:
                inner = _first(group.get(sequence))
                if inner is not None and inner.get(name) is not None:
                    return inner.get(name)
        return dataset.get(name)

    thickness = _numbers(find("SliceThickness", "PixelMeasuresSequence"), 1)
    slope = _numbers(find("RescaleSlope", "PixelValueTransformationSequence"), 1) or (1.0,)
    intercept = _numbers(find("RescaleIntercept", "PixelValueTransformationSequence"), 1) or (0.0,)
    return Slice(
        path,
        frame,
        int(dataset.get("InstanceNumber") or 0),
        _numbers(find("ImagePositionPatient", "PlanePositionSequence"), 3),
        _numbers(find("ImageOrientationPatient", "PlaneOrientationSequence"), 6),
        _numbers(find("PixelSpacing", "PixelMeasuresSequence"), 2),
        thickness[0] if thickness else None,
        (slope[0], intercept[0]),
    )


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    try:
        numbers = tuple(map(float, value if count > 1 else [value]))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and bool(np.isfinite(numbers).all()) else None


def _normal(slices: Sequence[Slice]) -> npt.NDArray[np.float64] | None:
    """Unit normal of the planes; None unless all of them have a position and the first an orientation."""
    first = slices[0].orientation
    if first is None or any(each.position is None for each in slices):
        return None
    normal = np.cross(first[:3], first[3:])
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0 else None


def _geometry(
    slices: Sequence[Slice], positions: npt.NDArray[np.float64], heights: npt.NDArray[np.float64]
) -> StackGeometry:
    """Spacing and affine with the mean step, so that the first and the last slice are where they should be."""
    first = slices[0]
    if first.pixel_spacing is None or first.orientation is None or min(first.pixel_spacing) <= 0:
        return StackGeometry()
    rows, columns = first.pixel_spacing
    along, down = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    if len(slices) > 1 and heights[-1] > heights[0]:
        step = (positions[-1] - positions[0]) / (len(slices) - 1)
        depth = float(heights[-1] - heights[0]) / (len(slices) - 1)
    else:
        depth = first.thickness or 0.0
        step = np.cross(along, down) * depth
    if depth <= 0:
        return StackGeometry()
    # The row direction is where x grows, and there pixels lie as far apart as columns do.
    affine = affine_from_axes([along * columns, down * rows, step], positions[0], LPS_SIGNS)
    return StackGeometry((depth, rows, columns), "mm", affine)


def _warnings(
    positions: npt.NDArray[np.float64], heights: npt.NDArray[np.float64], normal: npt.NDArray[np.float64]
) -> tuple[str, ...]:
    steps, warnings = np.diff(heights), []
    way = positions[-1] - positions[0]
    if len(steps) and np.linalg.norm(way) > 0:
        tilt = float(np.degrees(np.arccos(min(abs(way @ normal) / float(np.linalg.norm(way)), 1.0))))
        if tilt > TILT_DEGREES:
            warnings.append(
                f"The gantry was tilted by {tilt:.1f} degrees: each slice is shifted against the one before, and side "
                "views are skewed."
            )
    if len(steps) and steps.max() - steps.min() > UNEVEN_SHARE * abs(float(np.median(steps))):
        warnings.append(
            f"The slices are spaced unevenly, {steps.min():.4g} to {steps.max():.4g} mm apart: lengths across them are "
            "not exact."
        )
    return tuple(warnings)
