"""Crops and flips do the same to events, to images and to flow."""

import numpy as np
from hypothesis import given, settings, strategies as st

from wholefield.flow.sequences.crop import Crop, Flip
from wholefield.sources.events.recording import EVENT_DTYPE


def counts(events: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    image = np.zeros(shape)
    np.add.at(image, (events["y"], events["x"]), 1)
    return image


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.none() | st.integers(1, 12))
def test_events_and_images_agree(seed: int, size: int | None) -> None:
    random = np.random.default_rng(seed)
    width, height = (int(value) for value in random.integers(1, 15, 2))
    events = np.zeros(200, EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, width, 200), random.integers(0, height, 200)
    crop = Crop.random(width, height, size, random)
    expected = crop.images(counts(events, (height, width)))
    assert expected.shape == crop.shape
    np.testing.assert_array_equal(counts(crop.events(events), crop.shape), expected)


@settings(max_examples=40, deadline=None)
@given(x=st.booleans(), y=st.booleans(), swap=st.booleans())
def test_flow_moves_things_as_before(x: bool, y: bool, swap: bool) -> None:
    """A point that flow moves, mirrored after its motion, is where mirrored flow moves the mirrored point."""
    crop = Crop(2, 1, 8, 8, Flip(x, y, swap))
    flow = np.zeros((2, 12, 12))
    flow[:, 4, 5] = 2, -1

    def place(column: int, row: int) -> tuple[int, int]:
        events = np.zeros(1, EVENT_DTYPE)
        events["x"], events["y"] = column, row
        found = crop.events(events)
        return int(found["x"][0]), int(found["y"][0])

    start, end = place(5, 4), place(7, 3)
    vector = crop.flow(flow)[:, start[1], start[0]]
    assert (start[0] + vector[0], start[1] + vector[1]) == end
    np.testing.assert_allclose(np.hypot(*crop.flow(flow)).sum(), np.hypot(2, 1))


def test_whole_sensors_are_not_swapped_and_small_ones_taken_whole() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        assert Crop.random(6, 9, None, random).shape == (9, 6)
        assert Crop.random(6, 9, 100, random).shape == (9, 6)


def test_enlarged_covers_the_same_part() -> None:
    crop = Crop(1, 2, 3, 4, Flip(True))
    assert crop.enlarged(4) == Crop(4, 8, 12, 16, Flip(True))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 20), x=st.integers(0, 10), y=st.integers(0, 6))
def test_a_crop_around_a_point_holds_it(seed: int, size: int, x: int, y: int) -> None:
    crop = Crop.random(11, 7, size, np.random.default_rng(seed), (x, y))
    assert crop.x <= x < crop.x + crop.width
    assert crop.y <= y < crop.y + crop.height
    assert 0 <= crop.x <= 11 - crop.width
    assert 0 <= crop.y <= 7 - crop.height
    assert crop.whole.flip == Flip()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 20))
def test_a_point_far_from_the_border_lies_in_the_middle_half(seed: int, size: int) -> None:
    crop = Crop.random(100, 80, size, np.random.default_rng(seed), (50, 40))
    for place in (50 - crop.x, 40 - crop.y):
        assert size // 4 <= place < size - size // 4
