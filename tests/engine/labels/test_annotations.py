"""Edits of shapes, against the same edits of a grid of pixels; undo, redo and what lies where."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings, strategies as st

from wholefield.labels import Annotations, Shape, rasterize, rectangle, stroke
from wholefield.sources import Rect

SIDE = 12
box = st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 6)] * 2)
edit = st.tuples(st.sampled_from(["paint", "erase"]), box, st.integers(1, 3))


def pixels(labels: Annotations) -> list[list[int]]:
    return rasterize(labels, Rect(0, 0, SIDE, SIDE), (SIDE, SIDE)).tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(edit, max_size=8), st.sampled_from([frozenset[int](), frozenset({2})]))
def test_painting_and_erasing_as_on_a_grid(
    edits: list[tuple[str, tuple[int, int, int, int], int]], locked: frozenset[int]
) -> None:
    labels, grid = Annotations(), np.zeros((SIDE, SIDE), int)
    seen = [pixels(labels)]
    for kind, (x, y, width, height), value in edits:
        part = grid[y : y + height, x : x + width]
        if kind == "paint":
            labels.paint(rectangle(x, y, width, height), value, locked)
            part[~np.isin(part, [*(locked - {value})])] = value
        else:
            labels.erase(rectangle(x, y, width, height), locked)
            part[~np.isin(part, [*locked])] = 0
        assert pixels(labels) == grid.tolist()
        areas = labels.areas()
        assert all(areas.get(each, 0) == np.sum(grid == each) for each in (1, 2, 3))
        if pixels(labels) != seen[-1] or labels.history.can_undo:
            seen.append(pixels(labels))
    states = [pixels(labels)]
    while labels.history.undo():
        states.append(pixels(labels))
    assert states[-1] == np.zeros((SIDE, SIDE)).tolist()
    assert set(map(str, states)) <= set(map(str, seen))
    for state in reversed(states[:-1]):
        assert labels.history.redo()
        assert pixels(labels) == state
    assert not labels.history.redo()


def test_a_brush_joins_its_own_class() -> None:
    labels = Annotations([Shape(rectangle(0, 0, 4, 4), 1, "Nest"), Shape(rectangle(10, 0, 4, 4), 1)])
    labels.paint(stroke([(3, 2), (11, 2)], 1), 1)
    assert len(labels) == 1
    (shape,) = labels
    assert shape.name == "Nest"
    assert shape.geometry.geom_type == "Polygon"


def test_locked_shapes_stay_whole() -> None:
    kept = Shape(rectangle(0, 0, 4, 4), 1, locked=True)
    labels = Annotations([kept])
    labels.paint(rectangle(2, 2, 4, 4), 2)
    labels.erase(rectangle(0, 0, 1, 1))
    assert labels[1] is kept
    assert labels.areas() == {1: 16, 2: 12}


def test_change_move_merge_and_remove() -> None:
    labels = Annotations()
    a, b = labels.add(Shape(rectangle(0, 0, 2, 2), 1), Shape(rectangle(5, 5, 1, 1), 2))
    labels.move(a, 10, -1)
    assert labels[a].geometry.bounds == (10, -1, 12, 1)
    labels.change(a, replace(labels[a], name="Gland"))
    labels.merge(a, b)
    assert labels.counts() == {1: 1}
    assert labels.areas() == {1: 5}
    assert labels[a].name == "Gland"
    labels.remove(a)
    assert len(labels) == 0
    for _ in range(4):
        assert labels.history.undo()
    assert labels[a].geometry.bounds == (0, 0, 2, 2)
    assert labels[b].value == 2


def test_a_shape_without_area_is_gone() -> None:
    labels = Annotations([Shape(rectangle(0, 0, 2, 2), 1)])
    labels.change(1, replace(labels[1], geometry=shapely.LineString([(0, 0), (1, 1)])))
    assert len(labels) == 0


def test_classes_are_reassigned_in_one_step() -> None:
    labels = Annotations(Shape(rectangle(10 * n, 0, 2, 2), 1 + n % 2) for n in range(6))
    labels.reassign(1, 3)
    assert labels.counts() == {2: 3, 3: 3}
    labels.reassign(2, None)
    assert labels.counts() == {3: 3}
    assert labels.history.undo()
    assert labels.history.undo()
    assert labels.counts() == {1: 3, 2: 3}


def test_the_topmost_shape_is_found() -> None:
    labels = Annotations([Shape(rectangle(0, 0, 9, 9), 1), Shape(rectangle(2, 2, 2, 2), 2)])
    assert labels.at(3, 3) == 2
    assert labels.at(7, 7) == 1
    assert labels.at(20, 7) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-5000, 5000)] * 2, *[st.integers(1, 4000)] * 2), max_size=20), box)
def test_what_lies_in_a_rectangle(
    boxes: list[tuple[int, int, int, int]], sight: tuple[int, int, int, int]
) -> None:
    labels = Annotations(Shape(rectangle(*each), 1) for each in boxes)
    x, y, width, height = (50 * each for each in sight)
    found = [number for number, _ in labels.within(Rect(x, y, width, height))]
    expected = [
        number
        for number, (left, top, w, h) in enumerate(boxes, 1)
        if left <= x + width and x <= left + w and top <= y + height and y <= top + h
    ]
    assert found == expected


def test_an_edit_touches_only_what_is_near() -> None:
    labels = Annotations(Shape(rectangle(100 * n, 0, 50, 50), 1) for n in range(500))
    far = labels[400]
    labels.paint(stroke([(10, 10), (130, 10)], 5), 2)
    assert labels[400] is far
    assert len(labels) == 501
    before = labels.revision
    labels.erase(rectangle(-100, -100, 10, 10))
    assert labels.revision == before


@pytest.mark.parametrize("empty", [shapely.Polygon()])
def test_painting_nothing_is_no_step(empty: shapely.Polygon) -> None:
    labels = Annotations()
    labels.paint(empty, 1)
    assert not labels.history.can_undo
