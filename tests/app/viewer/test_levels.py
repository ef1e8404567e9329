import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from wholefield_app.viewer.levels import (
    LABEL_COLORS,
    Levels,
    describe_values,
    to_label_colors,
)


@given(arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
def test_levels_always_have_room_between_them(values: np.ndarray) -> None:
    facts = describe_values(values)
    assert facts.automatic.window > 0
    assert facts.full.window > 0
    assert facts.lowest <= facts.automatic.low
    assert facts.counts.sum() == np.isfinite(values).sum()


def test_rare_values_do_not_decide() -> None:
    values = np.concatenate([np.linspace(0, 1, 10_000), [1e6]])
    facts = describe_values(values)
    assert facts.automatic.high < 1.01
    assert facts.highest == 1e6


def test_few_whole_numbers_are_labels_and_images_are_none() -> None:
    assert describe_values(np.array([0, 3, 3, 255], np.uint8)).labels == (0, 3, 255)
    assert describe_values(np.arange(100, dtype=np.uint8)).labels == ()
    assert describe_values(np.array([0.0, 1.0])).labels == ()
    assert describe_values(np.array([-1, 1], np.int16)).labels == ()


def test_a_drag_to_the_right_widens_and_down_darkens() -> None:
    levels = Levels(100, 200)
    wider = levels.dragged(40, 0, 1000)
    assert (wider.level, wider.window) == pytest.approx((150, 200))
    darker = levels.dragged(0, 40, 1000)
    assert (darker.level, darker.window) == pytest.approx((250, 100))
    assert levels.dragged(-1e9, 0, 1000).window > 0


def test_labels_get_colors_and_the_background_none() -> None:
    pixels = to_label_colors(np.array([[0, 1, 2], [7, 8, 255]]))
    assert pixels[0, 0].tolist() == [0, 0, 0, 0]
    assert pixels[0, 1].tolist() == [*LABEL_COLORS[0][::-1].tolist(), 255]
    assert pixels[1, 1].tolist() == pixels[0, 1].tolist()
    assert len({tuple(pixel) for pixel in pixels.reshape(-1, 4)[:4].tolist()}) == 4
