"""Smooth planar motion: translation, rotation and scale as functions of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """One value over time: offset + rate t + amplitude sin(2 pi frequency t + phase), t in s.

    Attributes:
        offset: Value around which it moves.
        rate: Steady change per s.
        amplitude: Amplitude of the oscillation.
        frequency: Oscillations per s.
        phase: Phase of the oscillation at 0 s in rad.

    Example:
        >>> from wholefield.flow.simulator import Course
        >>> Course(offset=10.0, rate=2.0).at(3.0)
        16.0
    """

    offset: float = 0.0
    rate: float = 0.0
    amplitude: float = 0.0
    frequency: float = 0.0
    phase: float = 0.0

    def at(self, t: float) -> float:
        """The value at t s."""
        return float(
            self.offset + self.rate * t + self.amplitude * np.sin(2 * np.pi * self.frequency * t + self.phase)
        )


@dataclass(frozen=True)
class Motion:
    """Where a plane is: a point q of it is seen at X = (x, y) + exp(log_scale) R(angle) q.

    Attributes:
        x: Column of its origin in px.
        y: Row of its origin in px.
        angle: Rotation in rad, from x toward y.
        log_scale: Natural logarithm of its magnification.

    Example:
        >>> from wholefield.flow.simulator import Course, Motion
        >>> motion = Motion(Course(rate=100.0), Course())
        >>> float(motion.displacement(0.0, 0.01, (24, 32)).max())
        1.0
    """

    x: Course
    y: Course
    angle: Course = Course()
    log_scale: Course = Course()

    def pose(self, t: float) -> Array:
        """The affine map q -> X at t s, 2 x 3."""
        scale, angle = np.exp(self.log_scale.at(t)), self.angle.at(t)
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        return np.array([[c, -s, self.x.at(t)], [s, c, self.y.at(t)]])

    def step(self, t: float, later: float) -> Array:
        """The affine map of where the plane is seen at t s to where the same points are seen later, 2 x 3."""
        before, after = self.pose(t), self.pose(later)
        turn = after[:, :2] @ np.linalg.inv(before[:, :2])
        return np.column_stack([turn, after[:, 2] - turn @ before[:, 2]])

    def displacement(self, t: float, later: float, shape: tuple[int, int]) -> Array:
        """How far each pixel of the plane moves from t s to later, exactly: (2, H, W) in px, x first."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
        map_ = self.step(t, later)
        return np.stack(
            [row[0] * x + row[1] * y + row[2] - here for row, here in zip(map_, (x, y), strict=True)]
        )

    def reach(self, t: float, later: float, shape: tuple[int, int]) -> float:
        """The longest displacement of any pixel from t s to later in px: an affine map has it in a corner."""
        corners = np.array([(x, y) for x in (0, shape[1] - 1) for y in (0, shape[0] - 1)], np.float64)
        map_ = self.step(t, later)
        moved = corners @ map_[:, :2].T + map_[:, 2]
        return float(np.hypot(*(moved - corners).T).max())
