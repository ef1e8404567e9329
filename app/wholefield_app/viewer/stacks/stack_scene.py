"""What the stack view shows: one stack, perhaps a second one of the same shape, and how."""

from __future__ import annotations

from dataclasses import dataclass

from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.viewer.stacks.plane_images import PlaneLook, PlaneRequest
from wholefield_app.viewer.stacks.planes import PlaneShape, Position, plane_shape

MICROMETERS = {"mm": 1e3, "um": 1.0}


@dataclass(frozen=True)
class StackScene:
    """Stacks and their look.

    Attributes:
        look: The stack.
        other: A second stack of the same shape, or None.
        captions: What the two are called.
    """

    look: PlaneLook
    other: PlaneLook | None = None
    captions: tuple[str, str] = ("", "")

    @property
    def shape(self) -> Position:
        """(z, y, x)."""
        return self.look.source.shape

    @property
    def geometry(self) -> StackGeometry:
        """Where the voxels lie."""
        return self.look.source.geometry

    def continues(self, before: StackScene) -> bool:
        """Whether it shows the stack of before, perhaps with another look or at another time."""
        now, then = self.look.source, before.look.source
        at_other_time = now.times > 1 and (now.path, now.dataset, now.shape) == (
            then.path,
            then.dataset,
            then.shape,
        )
        return now is then or at_other_time

    def plane(self, axis: int) -> PlaneShape:
        """The planes across an axis."""
        return plane_shape(self.shape, self.geometry.spacing, axis)

    def micrometers(self, axis: int) -> float | None:
        """Length of 1 on the picture of a plane across an axis."""
        unit, size = self.plane(axis).unit, MICROMETERS.get(self.geometry.unit)
        return unit * size if unit is not None and size is not None else None

    def request(self, axis: int, index: int) -> PlaneRequest:
        """What to read for a plane."""
        looks = (self.look,) if self.other is None else (self.look, self.other)
        return PlaneRequest(looks, axis, index)


@dataclass(frozen=True)
class VoxelReadout:
    """What is known of a voxel: its (z, y, x) and the value there in each stack of the scene, as text."""

    position: Position
    values: tuple[str, ...]
