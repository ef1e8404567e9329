"""Crops and flips do the same to events, to images and to flow."""

import numpy as np
import pytest
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
    crop = Crop.random(width, height, size, random, flips=True, rotations=True)
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


IMAGE = np.arange(9).reshape(3, 3)
QUARTERS = [np.rot90(IMAGE, quarters) for quarters in range(4)]
FLIPPED = [IMAGE, IMAGE[::-1], IMAGE[:, ::-1], IMAGE[::-1, ::-1]]
ORIENTATIONS = {
    (False, False): [IMAGE],
    (True, False): FLIPPED,
    (False, True): QUARTERS,
    (True, True): [*QUARTERS, *(image[::-1] for image in QUARTERS)],
}


@pytest.mark.parametrize(("flips", "rotations"), ORIENTATIONS)
def test_all_orientations_that_are_allowed_are_drawn_and_no_other(flips: bool, rotations: bool) -> None:
    random = np.random.default_rng(0)
    crops = [Crop.random(3, 3, None, random, flips=flips, rotations=rotations) for _ in range(200)]
    expected = sorted(image.tolist() for image in ORIENTATIONS[flips, rotations])
    drawn = [crop.images(IMAGE).tolist() for crop in crops]
    assert sorted(image for number, image in enumerate(drawn) if image not in drawn[:number]) == expected
    assert all(drawn.count(image) > 100 / len(expected) for image in expected)


@pytest.mark.parametrize("size", [None, 100])
def test_what_is_not_square_is_turned_by_half_turns_only(size: int | None) -> None:
    random, image = np.random.default_rng(0), np.arange(6).reshape(3, 2)
    crops = [Crop.random(2, 3, size, random, rotations=True) for _ in range(50)]
    found = {tuple(crop.images(image).ravel().tolist()) for crop in crops}
    assert found == {(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0)}
    assert {Crop.random(2, 3, size, random, flips=True, rotations=True).shape for _ in range(50)} == {(3, 2)}


def test_a_quarter_turn_of_flow_turns_its_vectors() -> None:
    """Counterclockwise on the screen, where y points down: right becomes up."""
    crop = next(
        crop
        for seed in range(50)
        for crop in [Crop.random(3, 3, None, np.random.default_rng(seed), rotations=True)]
        if np.array_equal(crop.images(IMAGE), QUARTERS[1])
    )
    flow = np.stack([IMAGE + 1.0, np.zeros((3, 3))])
    expected = np.stack([np.zeros((3, 3)), -np.rot90(flow[0])])
    np.testing.assert_array_equal(crop.flow(flow), expected)


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
    assert crop.flip == Flip()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 20))
def test_a_point_far_from_the_border_lies_in_the_middle_half(seed: int, size: int) -> None:
    crop = Crop.random(100, 80, size, np.random.default_rng(seed), (50, 40))
    for place in (50 - crop.x, 40 - crop.y):
        assert size // 4 <= place < size - size // 4
