"""Rectangles against the sets of pixels that they cover."""

from hypothesis import given, strategies as st

from wholefield.sources import Rect

sides = st.integers(-5, 12)
rects = st.builds(Rect[int], sides, sides, st.integers(0, 9), st.integers(0, 9))


def pixels(rect: Rect[int]) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@given(rects, rects)
def test_what_two_have_in_common(one: Rect[int], other: Rect[int]) -> None:
    common = one.intersected(other)
    assert pixels(common) == pixels(one) & pixels(other)
    assert common.empty == (not pixels(common))
    assert min(common.width, common.height) >= 0


def test_it_unpacks_and_compares_like_a_tuple_of_its_sides() -> None:
    x, y, width, height = Rect(1, 2, 3, 4)
    assert (x, y, width, height) == (1, 2, 3, 4)
    assert {Rect(1, 2, 3, 4), Rect(1, 2, 3, 4)} == {Rect(1.0, 2.0, 3.0, 4.0)}
