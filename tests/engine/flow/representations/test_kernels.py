"""The loops over events: what is outside the sensor or the time bins is left out, in any order of events."""

import numpy as np

from wholefield.flow.representations.grid import Grid
from wholefield.flow.representations.kernels import add_counts, add_cube, latest_times
from wholefield.sources.events.recording import EVENT_DTYPE

GRID = Grid(num_tbins=2, delta_t=100, height=3, width=4, start_ts=50)


def events(rows: list[tuple[int, int, int, int]]) -> np.ndarray:
    """Events from (x, y, p, t)."""
    made = np.zeros(len(rows), EVENT_DTYPE)
    made["x"], made["y"], made["p"], made["t"] = np.array(rows).T
    return made


OUTSIDE = events([(0, 0, 1, 49), (0, 0, 1, 250), (4, 0, 1, 60), (0, 3, 1, 60)])
INSIDE = events([(3, 2, 1, 249), (0, 0, 0, 50), (1, 1, 1, 149), (1, 1, 1, 150)])


def test_counts() -> None:
    out = GRID.zeros(2)
    add_counts(out.reshape(-1), GRID.shape, 2, np.concatenate([OUTSIDE, INSIDE]), *GRID.counting, np.ones(2))
    expected = np.zeros_like(out)
    for place in ((1, 1, 2, 3), (0, 0, 0, 0), (0, 1, 1, 1), (1, 1, 1, 1)):
        expected[place] = 1
    np.testing.assert_array_equal(out, expected)


def test_both_polarities_in_one_channel() -> None:
    out = GRID.zeros(1)
    add_counts(out.reshape(-1), GRID.shape, 1, INSIDE, *GRID.counting, np.array([-1.0, 1.0]))
    assert (out[0, 0, 0, 0], out[0, 0, 1, 1], out[1, 0, 1, 1]) == (-1, 1, 1)


def test_the_ends_of_a_bin_go_to_its_outermost_micro_bins() -> None:
    out = GRID.zeros(2)
    ends = events([(0, 0, 1, 50), (1, 0, 1, 100), (2, 0, 1, 149)])
    add_cube(out.reshape(-1), GRID.shape, 2, False, ends, *GRID.counting, np.ones(2, np.float32))
    np.testing.assert_allclose(out[0, :, 0, :3], [[1, 0.5, 0], [0, 0.5, 1]], atol=1e-6)
    assert not out[1].any()


def test_the_latest_time_stays_whatever_the_order() -> None:
    early, late = (2, 1, 1, 60), (2, 1, 1, 90)
    for rows in ([early, late], [late, early]):
        out = GRID.zeros(2)
        latest_times(out.reshape(-1), GRID.shape, 2, events(rows), *GRID.counting, 1.0)
        assert out[0, 1, 1, 2] == 40
        assert out.sum() == 40
