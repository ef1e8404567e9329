"""Boxes of a turned image equal what the turned image holds there."""

import numpy as np
from hypothesis import given, strategies as st

from wholefield.sources.slides.orientation import Orientation

ORIENTATIONS = [Orientation(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


@given(st.sampled_from(ORIENTATIONS), st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_box_of_the_turned_image_is_the_turned_source_spans(
    turn: Orientation, height: int, width: int, data: st.DataObject
) -> None:
    image = np.arange(height * width * 2).reshape(height, width, 2)
    whole = turn.of(image)
    assert whole.shape[:2] == turn.shape(height, width)
    box = []
    for length in whole.shape[:2]:
        start = data.draw(st.integers(0, length - 1))
        box.append((start, data.draw(st.integers(start + 1, length))))
    (top, bottom), (left, right) = turn.source_spans(tuple(box), height, width)
    part = turn.of(image[top:bottom, left:right])
    np.testing.assert_array_equal(part, whole[slice(*box[0]), slice(*box[1])])


def test_the_eight_turns_differ_and_all_are_drawn() -> None:
    image = np.arange(6).reshape(2, 3)
    assert len({turn.of(image).tobytes() + bytes(turn.shape(2, 3)) for turn in ORIENTATIONS}) == 8
    random = np.random.default_rng(0)
    assert {Orientation.draw(random) for _ in range(100)} == set(ORIENTATIONS)
