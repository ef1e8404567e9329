import itertools
import math

import numpy as np
import pytest

from wholefield.tomography.phantom import draw
from wholefield_resources.demo.phantom import (
    CYLINDER,
    GRAIN,
    PORE,
    ROCK,
    Ellipsoid,
    Material,
    make_bodies,
    slice_ellipses,
    slice_labels,
)


def test_bodies_stay_in_the_rock_and_apart() -> None:
    bodies = make_bodies(40, 0.3, seed=3)
    assert len(bodies) == 40
    assert {body.material for body in bodies} == {Material.PORE, Material.GRAIN}
    for body in bodies:
        assert max(body.b, body.c) <= body.a
        assert math.hypot(body.x, body.y) + body.a < CYLINDER
    for one, other in itertools.combinations(bodies, 2):
        assert math.dist((one.x, one.y, one.z), (other.x, other.y, other.z)) > one.a + other.a
    assert bodies == make_bodies(40, 0.3, seed=3)
    assert bodies != make_bodies(40, 0.3, seed=4)


@pytest.mark.parametrize("z", [-0.05, 0.0, 0.04])
def test_labels_and_attenuation_agree(z: float) -> None:
    """Away from edges, the attenuation at a voxel is that of its material."""
    bodies = [
        Ellipsoid(Material.PORE, 0.3, 0.2, 0.0, 0.2, 0.1, 0.15, 0.5),
        Ellipsoid(Material.GRAIN, -0.4, 0.1, 0.02, 0.25, 0.2, 0.2, 0.0),
    ]
    labels = slice_labels(bodies, z, 101)
    image = draw(slice_ellipses(bodies, z), 101).numpy()
    expected = np.array([0.0, ROCK, ROCK + PORE, ROCK + GRAIN])[labels]
    assert np.isclose(image, expected, atol=1e-12).mean() > 0.93
    edges = np.hypot(*np.gradient(expected)) > 0
    np.testing.assert_allclose(image[~edges], expected[~edges], atol=1e-12)
    assert set(np.unique(labels)) == set(Material)


def test_a_body_ends_at_its_half_axis() -> None:
    bodies = [Ellipsoid(Material.GRAIN, 0.0, 0.0, 0.1, 0.2, 0.2, 0.1, 0.0)]
    assert len(slice_ellipses(bodies, 0.1)) == 2
    assert slice_ellipses(bodies, 0.1)[1].a == pytest.approx(0.2)
    assert slice_ellipses(bodies, 0.16)[1].a == pytest.approx(0.16)
    assert len(slice_ellipses(bodies, 0.21)) == 1
