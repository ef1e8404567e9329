import numpy as np
import pytest

from wholefield_resources.demo.canvas import SOLID_TISSUE, Canvas, Materials, make_materials

SHAPE = (607, 559)


@pytest.fixture(scope="module")
def materials() -> Materials:
    return make_materials(2)


@pytest.fixture
def canvas(materials: Materials) -> Canvas:
    canvas = Canvas(materials, np.random.default_rng(5), SHAPE)
    canvas.draw_connective_tissue()
    return canvas


def test_connective_tissue_is_mostly_eosin(canvas: Canvas) -> None:
    haematoxylin, eosin, pigment = canvas.planes.mean((0, 1))
    assert eosin > 3 * haematoxylin > 0
    assert pigment == 0
    assert canvas.planes.min() >= 0


def test_glands_take_their_room_and_hold_nuclei(canvas: Canvas) -> None:
    before = canvas.free.sum()
    canvas.draw_glands()
    taken = (canvas.outline > 0.5) & ~canvas.free
    assert 0.1 < taken.sum() / before < 0.6
    assert (canvas.planes[..., 0][taken] > 0.5).mean() > 0.1


def test_cells_lie_between_the_glands(canvas: Canvas) -> None:
    canvas.draw_glands()
    canvas.draw_vessels()
    before = canvas.planes.copy()
    canvas.scatter_cells()
    changed = (canvas.planes != before).any(2)
    assert changed[canvas.free].mean() > 0.05
    assert not changed[~canvas.free].any()


def test_spores_lie_in_solid_tissue(canvas: Canvas) -> None:
    canvas.draw_glands()
    spores = canvas.hide_spores(np.random.default_rng(1), 30)
    x, y = spores.astype(int).T
    assert canvas.free[y, x].all()
    assert (canvas.outline[y, x] > SOLID_TISSUE).all()
    assert canvas.planes[..., 2].sum() > 0
