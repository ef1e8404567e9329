"""Turns read box by box equal turns of the whole; tints are what they say."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from wholefield.training.augmentation import Augmentation, Tint, Turn

TURNS = [Turn(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


@given(st.sampled_from(TURNS), st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_box_of_the_turned_image_is_the_turned_source_box(
    turn: Turn, height: int, width: int, data: st.DataObject
) -> None:
    image = np.arange(height * width * 2).reshape(height, width, 2)
    whole = turn.of(image)
    assert whole.shape[:2] == turn.shape(height, width)
    box = []
    for length in whole.shape[:2]:
        start = data.draw(st.integers(0, length - 1))
        box.append((start, data.draw(st.integers(start + 1, length))))
    (top, bottom), (left, right) = turn.source_box(tuple(box), height, width)
    part = turn.of(image[top:bottom, left:right])
    np.testing.assert_array_equal(part, whole[slice(*box[0]), slice(*box[1])])


def test_the_eight_turns_differ_and_all_are_drawn() -> None:
    image = np.arange(6).reshape(2, 3)
    assert len({turn.of(image).tobytes() + bytes(turn.shape(2, 3)) for turn in TURNS}) == 8
    random = np.random.default_rng(0)
    assert {Turn.draw(random) for _ in range(100)} == set(TURNS)


def test_tint_against_its_formula() -> None:
    values = torch.rand(3, 4, 5, dtype=torch.float64)
    expected = np.empty((3, 4, 5))
    for y in range(4):
        for x in range(5):
            changed = [(float(values[c, y, x]) - 0.5) * 1.2 + 0.5 - 0.1 for c in range(3)]
            grey = sum(changed) / 3
            expected[:, y, x] = [grey + 0.7 * (value - grey) for value in changed]
    np.testing.assert_allclose(Tint(-0.1, 1.2, 0.7).of(values), expected, rtol=1e-12)


def test_tint_leaves_no_trace_without_strength() -> None:
    grey = torch.rand(1, 3, 3)
    torch.testing.assert_close(Tint(0.0, 1.0, 1.0).of(grey), grey)
    assert Augmentation().draw(np.random.default_rng(0)) == (Turn(), None)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_tints_stay_within_their_strength(strength: float) -> None:
    random = np.random.default_rng(1)
    drawn = [Tint.draw(strength, random) for _ in range(50)]
    assert max(abs(tint.contrast - 1) for tint in drawn) <= strength
    assert max(abs(tint.brightness) for tint in drawn) <= strength / 2
    assert np.std([tint.saturation for tint in drawn]) > strength / 3
