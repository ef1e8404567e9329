import numpy as np

from wholefield.sources.slides.colors.opacity import over_white

ALPHA = np.arange(256, dtype=np.uint8)


def test_straight_colors_mix_with_white() -> None:
    for value in (0, 1, 100, 254, 255):
        color = np.full((256, 3), value, np.uint8)
        expected = np.rint((value * ALPHA.astype(float) + 255 * (255.0 - ALPHA)) / 255)
        np.testing.assert_array_equal(over_white(color, ALPHA, premultiplied=False)[:, 1], expected)


def test_premultiplied_colors_add_to_white() -> None:
    color = np.repeat((ALPHA // 2)[:, None], 3, axis=1)
    expected = (ALPHA // 2).astype(int) + 255 - ALPHA.astype(int)
    np.testing.assert_array_equal(over_white(color, ALPHA, premultiplied=True)[:, 0], expected)


def test_premultiplied_colors_brighter_than_their_opacity_stay_in_range() -> None:
    color = np.full((1, 3), 200, np.uint8)
    assert over_white(color, np.array([10], np.uint8), premultiplied=True).tolist() == [[255, 255, 255]]


def test_sixteen_bits_mix_without_running_over() -> None:
    alpha = np.arange(0, 65536, 17, dtype=np.uint16)
    for value in (0, 1, 300, 65534, 65535):
        color = np.full((len(alpha), 1), value, np.uint16)
        expected = np.rint((value * alpha.astype(float) + 65535 * (65535.0 - alpha)) / 65535)
        np.testing.assert_array_equal(over_white(color, alpha, premultiplied=False)[:, 0], expected)
