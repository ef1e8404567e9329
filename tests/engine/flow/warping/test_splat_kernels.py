"""The loops over events: values beyond the border, and trajectories through time bins in both directions."""

import numpy as np
import pytest

from wholefield.flow.warping.splat_kernels import flow_at, move_events, splat_into


def test_flow_beyond_the_border_is_that_of_the_border() -> None:
    flow = np.random.default_rng(0).normal(size=(2, 3, 4))
    for x, y, column, row in ((-5.0, -1.0, 0, 0), (9.0, 1.0, 3, 1), (2.0, 7.5, 2, 2)):
        assert flow_at(flow, x, y) == pytest.approx(tuple(flow[:, row, column]))
    assert flow_at(flow, 0.5, 1.0) == pytest.approx(tuple(flow[:, 1, :2].mean(1)))


def test_a_splat_adds_up_and_loses_what_falls_outside() -> None:
    out = np.ones((3, 4))
    x, y = np.array([1.25, -0.5, 3.0]), np.array([1.0, 0.0, 2.0])
    splat_into(out, x, y, np.array([2.0, 1.0, 1.0]))
    expected = np.ones((3, 4))
    expected[1, 1:3] += (1.5, 0.5)
    expected[0, 0] += 0.5
    expected[2, 3] += 1
    np.testing.assert_allclose(out, expected, atol=1e-12)


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize(
    ("time", "target", "moved"), [(5.0, 25.0, 20.0), (25.0, 5.0, -20.0), (10.0, -5.0, -15.0)]
)
def test_events_move_through_bins_in_both_directions(
    steps: int, time: float, target: float, moved: float
) -> None:
    """Two bins of 10, 1 px per unit of time in x in the first, and 1 in the second, 2 in y in the second."""
    flow = np.zeros((2, 2, 3, 4))
    flow[:, 0], flow[1, 1] = 1, 2
    x, y = np.array([1.0]), np.array([1.0])
    move_events(x, y, np.array([time]), flow, target, 0.0, 10.0, steps)
    second = max(target, 10.0) - max(time, 10.0)
    assert (x[0], y[0]) == pytest.approx((1 + moved, 1 + 2 * second))
