"""How far apart the slices of a volume are: evenly, with some missing, tilted or unevenly; and the geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.sources.stacks.dicom.slices import Slice
from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes

LPS_SIGNS = (-1, -1, 1)
TILT_DEGREES = 0.5
UNEVEN_SHARE = 0.01
# A step is a multiple of the usual one, so that slices are missing in it, if it comes this close to one.
MULTIPLE_SHARE = 0.05
# Slices are missing rather than uneven where at least this share of the steps is the usual one.
USUAL_SHARE = 0.5
NAMED = 6
Heights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SliceSteps:
    """The distances between neighboring slices.

    Attributes:
        heights: (n,) mm along the stack, ascending.
        usual: mm from one slice to the next; the mean where they are uneven, 0 for a single slice.
        missing: Heights at which slices are missing.
        lowest: The smallest step, apart from those in which slices are missing.
        highest: The largest.
        even: Whether all steps, but for missing slices, are the same.
    """

    heights: Heights
    usual: float
    missing: tuple[float, ...]
    lowest: float
    highest: float
    even: bool


def steps_of(heights: Heights, known: float | None = None) -> SliceSteps:
    """Find the usual step between slices, and where some are missing.

    Args:
        heights: (n,) mm along the stack, ascending.
        known: The usual step in mm, where the file says it and slices may be missing anywhere; it is only used where
            all steps are multiples of it.
    """
    steps = np.diff(heights)
    if not len(steps):
        return SliceSteps(heights, 0.0, (), 0.0, 0.0, True)
    if known is not None and known > 0 and _are_multiples(steps, known):
        typical, sure = known, True
    else:
        typical, sure = float(np.median(steps)), False
    times = np.rint(steps / typical)
    single = times == 1
    regular = _are_multiples(steps, typical)
    if not (regular and times.max() > 1 and (sure or single.mean() >= USUAL_SHARE)):
        spread = float(steps.max() - steps.min())
        mean = float(heights[-1] - heights[0]) / len(steps)
        even = spread <= UNEVEN_SHARE * typical
        return SliceSteps(heights, mean, (), float(steps.min()), float(steps.max()), even)
    usual = float(steps[single].mean()) if single.any() else typical
    missing = tuple(
        float(low + usual * index)
        for low, count in zip(heights[:-1], times.astype(int), strict=True)
        for index in range(1, count)
    )
    low, high = (float(steps[single].min()), float(steps[single].max())) if single.any() else (usual, usual)
    return SliceSteps(heights, usual, missing, low, high, high - low <= UNEVEN_SHARE * usual)


def _are_multiples(steps: Heights, step: float) -> bool:
    times = np.rint(steps / step)
    return bool(times.min() >= 1 and (np.abs(steps / step - times) <= MULTIPLE_SHARE).all())


def geometry_of_slices(
    slices: Sequence[Slice], steps: SliceSteps, normal: npt.NDArray[np.float64] | None
) -> StackGeometry:
    """Spacing and affine; without positions, the spacing alone.

    The step is that between neighbors: where slices are missing, those behind them lie further away than it says; where
    steps are uneven it is the mean, so that the first and the last slice are where they should be.
    """
    first = slices[0]
    if first.pixel_spacing is None or min(first.pixel_spacing) <= 0:
        return StackGeometry()
    rows, columns = first.pixel_spacing
    depth = steps.usual or first.thickness or 0.0
    if depth <= 0:
        return StackGeometry()
    if normal is None or first.orientation is None or first.position is None:
        return StackGeometry((depth, rows, columns), "mm")
    along, down = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    if steps.usual > 0:
        way = np.array(slices[-1].position) - np.array(first.position)
        step = way * (depth / float(way @ normal))
    else:
        step = normal * depth
    # The row direction is where x grows, and there pixels lie as far apart as columns do.
    affine = affine_from_axes([along * columns, down * rows, step], np.array(first.position), LPS_SIGNS)
    return StackGeometry((depth, rows, columns), "mm", affine)


def step_warnings(
    slices: Sequence[Slice], steps: SliceSteps, normal: npt.NDArray[np.float64] | None
) -> tuple[str, ...]:
    """What anyone who measures in the volume should know."""
    warnings = []
    if normal is not None and len(slices) > 1:
        way = np.array(slices[-1].position) - np.array(slices[0].position)
        tilt = float(np.degrees(np.arccos(min(abs(way @ normal) / float(np.linalg.norm(way)), 1.0))))
        if tilt > TILT_DEGREES:
            warnings.append(
                f"The gantry was tilted by {tilt:.1f} degrees: each slice is shifted against the one before, and side "
                "views are skewed."
            )
    if steps.missing:
        count = len(steps.missing)
        named = ", ".join(f"{height:.6g}" for height in steps.missing[:NAMED])
        more = f" and {count - NAMED} more" if count > NAMED else ""
        warnings.append(
            f"{count} {'slice is' if count == 1 else 'slices are'} missing, at {named}{more} mm along the stack; its "
            f"neighbors are shown next to each other, {steps.usual:.4g} mm apart."
        )
    if not steps.even:
        warnings.append(
            f"The slices are spaced unevenly, {steps.lowest:.4g} to {steps.highest:.4g} mm apart: lengths across them "
            "are not exact."
        )
    return tuple(warnings)
