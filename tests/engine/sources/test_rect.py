"""Rectangles against the sets of pixels that they cover."""

from hypothesis import given, strategies as st

from wholefield.sources.rect import Rect

sides = st.integers(-9, 9)
rectangles = st.builds(Rect, sides, sides, st.integers(0, 9), st.integers(0, 9))


def pixels(rect: Rect[int]) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@given(rectangles, rectangles)
def test_what_two_have_in_common(one: Rect[int], other: Rect[int]) -> None:
    found = one.intersected(other)
    assert pixels(found) == pixels(one) & pixels(other) == pixels(other.intersected(one))
    assert found.empty == (not pixels(found))
    assert min(found.width, found.height) >= 0


@given(rectangles)
def test_unpacks_like_a_tuple(rect: Rect[int]) -> None:
    x, y, width, height = rect
    assert Rect(x, y, width, height) == rect
    assert rect.intersected(rect) == rect


def test_fractions_of_pixels() -> None:
    found = Rect(0.5, 0.25, 2.0, 1.0).intersected(Rect(1.0, -1.0, 9.0, 1.5))
    assert tuple(found) == (1.0, 0.25, 1.5, 0.25)
