import numpy as np
import pytest

from wholefield_resources.demo.canvas import MARGIN_PX, Materials, make_materials
from wholefield_resources.demo.stamps import SPORE_RADIUS
from wholefield_resources.demo.tissue import make_section

SHAPE = (613, 587)


@pytest.fixture(scope="module")
def materials() -> Materials:
    return make_materials(1)


def test_the_same_seed_gives_the_same_section(materials: Materials) -> None:
    one, same = (make_section(materials, (1, 4), SHAPE, 5) for _ in range(2))
    np.testing.assert_array_equal(one.pixels, same.pixels)
    np.testing.assert_array_equal(one.spores, same.spores)
    assert (make_section(materials, (1, 5), SHAPE, 5).pixels != one.pixels).any()


def test_spores_change_nothing_but_their_own_places(materials: Materials) -> None:
    normal = make_section(materials, (1, 4), SHAPE, 0)
    infected = make_section(materials, (1, 4), SHAPE, 25)
    assert normal.spores.shape == (0, 2)
    assert infected.spores.shape == (25, 2)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    distance = np.min([np.hypot(columns - x, rows - y) for x, y in infected.spores], axis=0)
    changed = np.abs(normal.pixels.astype(int) - infected.pixels).max(2)
    assert changed[distance > 1.5 * SPORE_RADIUS].max() <= 2
    assert changed[distance > 2.5 * SPORE_RADIUS].max() == 0
    for x, y in infected.spores:
        ring = np.abs(np.hypot(columns - x, rows - y) - 4.8) < 1
        assert infected.pixels[ring].mean() < normal.pixels[ring].mean() + 5


def test_spores_lie_in_the_tissue_and_off_the_border(materials: Materials) -> None:
    section = make_section(materials, (1, 4), SHAPE, 40)
    assert (section.spores >= MARGIN_PX).all()
    assert (section.spores <= np.array(SHAPE[::-1]) - MARGIN_PX).all()
    assert len(np.unique(section.spores, axis=0)) == 40


def test_tissue_on_white_glass(materials: Materials) -> None:
    pixels = make_section(materials, (1, 4), SHAPE, 0).pixels.astype(int)
    assert pixels.shape == (*SHAPE, 3)
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 225
    tissue = pixels[150:-150, 150:-150]
    red, green, blue = tissue.mean((0, 1))
    assert red > blue > green
    assert tissue.std() > 25
