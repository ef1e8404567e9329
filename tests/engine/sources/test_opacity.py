import numpy as np

from wholefield.sources.opacity import over_white

ALPHA = np.arange(256, dtype=np.uint8)


def test_straight_colours_mix_with_white() -> None:
    for value in (0, 1, 100, 254, 255):
        colour = np.full((256, 3), value, np.uint8)
        expected = np.rint((value * ALPHA.astype(float) + 255 * (255.0 - ALPHA)) / 255)
        np.testing.assert_array_equal(over_white(colour, ALPHA, premultiplied=False)[:, 1], expected)


def test_premultiplied_colours_add_to_white() -> None:
    colour = np.repeat((ALPHA // 2)[:, None], 3, axis=1)
    expected = (ALPHA // 2).astype(int) + 255 - ALPHA.astype(int)
    np.testing.assert_array_equal(over_white(colour, ALPHA, premultiplied=True)[:, 0], expected)


def test_premultiplied_colours_brighter_than_their_opacity_stay_in_range() -> None:
    colour = np.full((1, 3), 200, np.uint8)
    assert over_white(colour, np.array([10], np.uint8), premultiplied=True).tolist() == [[255, 255, 255]]
