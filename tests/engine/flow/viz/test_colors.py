"""Colors of flow."""

import colorsys

import numpy as np
import pytest

from wholefield.flow.viz.colors import color_wheel, flow_colors, hues, rgb_of


def test_against_the_standard_library() -> None:
    random = np.random.default_rng(0)
    hue, value = random.random(200), random.random(200)
    expected = [
        [round(255 * c) for c in colorsys.hsv_to_rgb(h, 1, v)] for h, v in zip(hue, value, strict=True)
    ]
    np.testing.assert_allclose(rgb_of(hue, value), expected, atol=1)


@pytest.mark.parametrize(("vector", "hue"), [((2, 0), 0), ((0, 3), 0.25), ((-1, 0), 0.5), ((0, -1), 0.75)])
def test_directions(vector: tuple[float, float], hue: float) -> None:
    assert float(hues(np.array(vector, float))) == pytest.approx(hue)


def test_speed_is_brightness() -> None:
    flow = np.zeros((2, 1, 4))
    flow[0, 0] = 0, 1, 2, 50
    assert flow_colors(flow, top=2.0)[0, :, 0].tolist() == [0, 128, 255, 255]
    assert not flow_colors(np.zeros((2, 3, 3))).any()
    assert flow_colors(np.zeros((2, 0, 3))).shape == (0, 3, 3)


def test_the_wheel_is_its_own_legend() -> None:
    wheel = color_wheel(101)
    assert not wheel[0, 0].any()
    np.testing.assert_array_equal(
        wheel[50, 99], flow_colors(np.array([98 / 101, 0]).reshape(2, 1, 1), top=1.0)[0, 0]
    )
