"""Boxes: their hull, what they share, and whether they hold anything."""

import pytest
from hypothesis import given, strategies as st

from wholefield.streaming.geometry.spans import Spans, extent, hull, intersection, is_empty

spans = st.tuples(st.integers(-20, 20), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
boxes = st.tuples(spans, spans)


def positions(box: Spans) -> set[tuple[int, ...]]:
    (top, bottom), (left, right) = box
    return {(y, x) for y in range(top, bottom) for x in range(left, right)}


@given(boxes, boxes)
def test_what_two_boxes_share_are_their_common_positions(one: Spans, other: Spans) -> None:
    shared = intersection(one, other)
    assert positions(shared) == positions(one) & positions(other)
    assert is_empty(shared) == (not positions(shared))


@given(st.lists(boxes, min_size=1, max_size=4))
def test_a_hull_holds_all_boxes_and_touches_them(some: list[Spans]) -> None:
    around = hull(some)
    for axis, (start, stop) in enumerate(around):
        assert start == min(box[axis][0] for box in some)
        assert stop == max(box[axis][1] for box in some)


@pytest.mark.parametrize(("span", "length"), [((3, 3), 0), ((-2, 5), 7)])
def test_extent(span: tuple[int, int], length: int) -> None:
    assert extent(span) == length
