"""Motion of planes: poses, steps and displacements agree with points carried along."""

import numpy as np
import pytest

from wholefield.flow.simulator import Course, Motion

MOTION = Motion(
    Course(40, 30, 12, 0.7, 0.2),
    Course(31, -25, 5, 1.1),
    Course(0.4, 0.3, 0.5, 0.6, 1),
    Course(0, 0, 0.3, 0.5),
)


def seen(q: np.ndarray, t: float) -> np.ndarray:
    """Where points (n, 2) of the plane are seen, from the definition."""
    angle = 0.4 + 0.3 * t + 0.5 * np.sin(2 * np.pi * 0.6 * t + 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    x = 40 + 30 * t + 12 * np.sin(2 * np.pi * 0.7 * t + 0.2)
    y = 31 - 25 * t + 5 * np.sin(2 * np.pi * 1.1 * t)
    return np.exp(0.3 * np.sin(np.pi * t)) * q @ turn.T + (x, y)


def test_displacement_carries_points_along() -> None:
    q = np.random.default_rng(0).normal(0, 20, (50, 2))
    before, after = seen(q, 0.31), seen(q, 0.35)
    step = MOTION.step(0.31, 0.35)
    np.testing.assert_allclose(before @ step[:, :2].T + step[:, 2], after, atol=1e-11)
    field = MOTION.displacement(0.31, 0.35, (7, 9))
    pixel = np.array([[8.0, 5.0]])
    np.testing.assert_allclose(field[:, 5, 8], (pixel @ step[:, :2].T + step[:, 2] - pixel)[0], atol=1e-11)
    assert MOTION.reach(0.31, 0.35, (7, 9)) == pytest.approx(np.hypot(*field).max(), abs=1e-11)


def test_nothing_moves_in_no_time() -> None:
    np.testing.assert_allclose(MOTION.displacement(0.7, 0.7, (3, 4)), 0, atol=1e-12)
