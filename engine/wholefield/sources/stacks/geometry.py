"""Where the voxels of a stack lie: spacing, and one affine from voxel (x, y, z, 1) to mm in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.ArrayLike
# DICOM and ITK count towards left and posterior, NIfTI towards right and anterior.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class StackGeometry:
    """Where the voxels of a stack lie.

    Attributes:
        spacing: Distance between voxels along (z, y, x) in `unit`, or None where the file does not say.
        unit: "mm", "um", or "" where the file does not say.
        affine: (4, 4) float64 from voxel (x, y, z, 1) to the patient in mm, axes towards right, anterior and
            superior as in NIfTI; None where the file knows no patient.

    Example:
        >>> from wholefield.sources import StackGeometry
        >>> StackGeometry(spacing=(2.0, 0.5, 0.5), unit="mm").spacing
        (2.0, 0.5, 0.5)
    """

    spacing: tuple[float, float, float] | None = None
    unit: str = ""
    affine: npt.NDArray[np.float64] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StackGeometry):
            return NotImplemented
        same = (self.spacing, self.unit) == (other.spacing, other.unit)
        return same and np.array_equal(self.affine, other.affine)  # type: ignore[arg-type]  # None is like itself

    def __hash__(self) -> int:
        return hash((self.spacing, self.unit))


def affine_from_axes(
    axes: Vectors, origin: Vectors, signs: Sequence[float] = (1, 1, 1)
) -> npt.NDArray[np.float64]:
    """The affine of a volume.

    Args:
        axes: (3, 3), rows are the steps from one voxel to the next along x, y and z, in mm.
        origin: (3,), center of voxel (0, 0, 0), in mm.
        signs: Factors of the three coordinates that turn them into right, anterior, superior.
    """
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(axes, np.float64).T
    affine[:3, 3] = origin
    return np.diag([*signs, 1.0]) @ affine


def geometry_of(affine: npt.NDArray[np.float64] | None, unit: str = "mm") -> StackGeometry:
    """Spacing from the lengths of an affine's columns; no geometry where they are not lengths."""
    if affine is None or not np.isfinite(affine).all():
        return StackGeometry()
    x, y, z = (float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
    if min(x, y, z) <= 0:
        return StackGeometry()
    return StackGeometry((z, y, x), unit, affine)
