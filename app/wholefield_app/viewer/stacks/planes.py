"""The planes of a stack on the screen: which axes they show, and how voxels that are no cubes are drawn."""

from __future__ import annotations

from dataclasses import dataclass

AXES = ("z", "y", "x")
Position = tuple[int, int, int]


@dataclass(frozen=True)
class PlaneShape:
    """A plane across one axis of a stack, drawn true to the spacing.

    Attributes:
        axis: The axis across the plane: 0, 1 or 2 for z, y or x.
        rows: Voxels from top to bottom.
        columns: Voxels from left to right.
        row_size: Height of a voxel on the picture; the smaller side of a voxel is 1.
        column_size: Width of a voxel.
        unit: The length of 1 on the picture in the unit of the spacing, or None where that is not known.
    """

    axis: int
    rows: int
    columns: int
    row_size: float
    column_size: float
    unit: float | None

    @property
    def width(self) -> float:
        """Width of the picture."""
        return self.columns * self.column_size

    @property
    def height(self) -> float:
        """Height of the picture."""
        return self.rows * self.row_size

    def voxel(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column under a position of the picture; None outside."""
        row, column = int(y // self.row_size), int(x // self.column_size)
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return (row, column) if inside else None

    def middle_of(self, row: int, column: int) -> tuple[float, float]:
        """The position (x, y) on the picture of the middle of a voxel."""
        return (column + 0.5) * self.column_size, (row + 0.5) * self.row_size


def plane_axes(axis: int) -> tuple[int, int]:
    """The axes that run down and to the right on a plane across `axis`."""
    first, second = (other for other in range(3) if other != axis)
    return first, second


def plane_shape(
    shape: tuple[int, int, int], spacing: tuple[float, float, float] | None, axis: int
) -> PlaneShape:
    """The planes across an axis of a stack.

    Args:
        shape: (z, y, x).
        spacing: (z, y, x), or None for cubes.
        axis: 0, 1 or 2.
    """
    down, right = plane_axes(axis)
    if spacing is None:
        return PlaneShape(axis, shape[down], shape[right], 1.0, 1.0, None)
    unit = min(spacing[down], spacing[right])
    return PlaneShape(
        axis, shape[down], shape[right], spacing[down] / unit, spacing[right] / unit, float(unit)
    )


def moved(position: Position, axis: int, row: int, column: int) -> Position:
    """The position with the two coordinates that a plane across `axis` shows replaced."""
    down, right = plane_axes(axis)
    values = list(position)
    values[down], values[right] = row, column
    return values[0], values[1], values[2]


def stepped(position: Position, axis: int, index: int, shape: Position) -> Position:
    """The position with one coordinate replaced, kept inside the stack."""
    values = list(position)
    values[axis] = min(max(index, 0), shape[axis] - 1)
    return values[0], values[1], values[2]
