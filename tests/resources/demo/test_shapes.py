import numpy as np
import pytest

from wholefield_resources.demo.shapes import around, outline, rows_columns, step, wobble


def test_outline_covers_the_middle_and_leaves_the_corners() -> None:
    tissue = outline(np.random.default_rng(3), (401, 523))
    assert tissue.shape == (401, 523)
    assert tissue[150:250, 200:320].min() > 0.99
    assert tissue[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 0.01
    assert 0.55 < (tissue > 0.5).mean() < 0.97


def test_step_is_half_at_the_edge_and_never_overflows() -> None:
    values = step(np.array([-1e6, -2.0, 0.0, 2.0, 1e6]), 1.0)
    np.testing.assert_allclose(values, [0, 0.1192, 0.5, 0.8808, 1], atol=1e-4)


def test_wobble_closes_around_the_circle() -> None:
    rng = np.random.default_rng(0)
    factors = wobble(rng, np.linspace(-np.pi, np.pi, 200), 0.1)
    assert factors[0] == pytest.approx(factors[-1])
    assert 0.6 <= factors.min() < factors.max() <= 1.4


@pytest.mark.parametrize(("y", "x"), [(0.0, 0.0), (5.0, 30.0), (39.9, 49.9)])
def test_boxes_keep_to_the_picture(y: float, x: float) -> None:
    picture = np.zeros((40, 50))
    box = around(y, x, 7.5)
    rows, columns = rows_columns(box, picture.shape)
    assert picture[box].shape == np.broadcast_shapes(rows.shape, columns.shape)
    inside = np.hypot(np.arange(40)[:, None] - y, np.arange(50)[None] - x) <= 7.5
    picture[box] = 1
    assert picture[inside].all()
    assert (np.hypot(rows - y, columns - x) <= 7.5).sum() == inside.sum()
