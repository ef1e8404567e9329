"""Voxel labels against a whole array: any edits in any order, undo, redo and strokes."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.labels import VoxelLabels
from wholefield.labels.voxels import SIDE, Box

SHAPE = (40, 35, 70)


def span(length: int) -> st.SearchStrategy[slice]:
    ends = st.tuples(st.integers(0, length - 1), st.integers(1, 40))
    return ends.map(lambda pair: slice(pair[0], min(pair[0] + pair[1], length)))


box = st.tuples(*map(span, SHAPE))
edit = st.tuples(box, st.integers(0, 3), st.integers(0, 2**32))


def whole(labels: VoxelLabels) -> npt.NDArray[np.uint8]:
    return labels.region((slice(0, 40), slice(0, 35), slice(0, 70)))


def mask_in(where: Box, seed: int) -> npt.NDArray[np.bool_]:
    shape = [each.stop - each.start for each in where]
    return np.random.default_rng(seed).random(shape) < 0.5


@settings(max_examples=40, deadline=None)
@given(st.lists(edit, max_size=6), box, st.sampled_from([frozenset[int](), frozenset({2})]), st.booleans())
def test_any_edits(
    edits: list[tuple[Box, int, int]], sight: Box, locked: frozenset[int], as_one: bool
) -> None:
    labels, dense = VoxelLabels(SHAPE), np.zeros(SHAPE, np.uint8)
    states = [dense.copy()]
    if as_one:
        labels.begin()
    for where, value, seed in edits:
        mask = mask_in(where, seed)
        labels.paint(where, mask, value, locked)
        part = dense[where]
        changes = mask & ~np.isin(part, [*locked]) & (part != value)
        part[changes] = value
        if changes.any():
            states.append(dense.copy())
    if as_one:
        labels.end()
        states = [states[0], states[-1]] if len(states) > 1 else states
    np.testing.assert_array_equal(labels.region(sight), dense[sight])
    assert labels.counts() == {v: int((dense == v).sum()) for v in (1, 2, 3) if (dense == v).any()}
    for state in reversed(states[:-1]):
        assert labels.history.undo()
        np.testing.assert_array_equal(whole(labels), state)
    assert not labels.history.undo()
    assert not list(labels.painted)
    for state in states[1:]:
        assert labels.history.redo()
        np.testing.assert_array_equal(whole(labels), state)


def test_memory_is_that_of_what_is_painted() -> None:
    labels = VoxelLabels((2048, 2048, 2048))
    labels.paint((slice(7, 8), slice(0, 20), slice(30, 34)), np.ones((1, 20, 4), bool), 1)
    assert sorted(labels.painted) == [(0, 0, 0), (0, 0, 1)]
    labels.paint((slice(7, 8), slice(0, 20), slice(0, 34)), np.ones((1, 20, 34), bool), 0)
    assert not list(labels.painted)
    assert labels.counts() == {}


def test_unsaved_chunks_are_given_once() -> None:
    labels = VoxelLabels(SHAPE)
    labels.paint((slice(0, 1), slice(0, 1), slice(31, 33)), np.ones((1, 1, 2), bool), 4)
    taken = labels.take_unsaved()
    assert sorted(taken) == [(0, 0, 0), (0, 0, 1)]
    assert labels.take_unsaved() == {}
    labels.history.undo()
    assert set(labels.take_unsaved().values()) == {None}
    labels.keep_unsaved([(0, 0, 1)])
    assert list(labels.take_unsaved()) == [(0, 0, 1)]


def test_chunks_are_taken_over_as_saved() -> None:
    labels = VoxelLabels(SHAPE)
    chunk = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    chunk[3, 2, 1] = 9
    labels.put((1, 0, 2), chunk)
    assert labels.counts() == {9: 1}
    assert whole(labels)[35, 2, 65] == 9
    labels.put((1, 0, 2), chunk * 0)
    assert labels.counts() == {}
    chunk[8, 0, 0] = 1
    with pytest.raises(ValueError, match="outside of the stack"):
        labels.put((1, 0, 2), chunk)


@settings(max_examples=25, deadline=None)
@given(st.lists(edit, max_size=4), st.lists(edit, max_size=4), st.sampled_from([0, 1, 2]), st.integers(0, 30))
def test_questions_and_edits_of_everything(
    mine: list[tuple[Box, int, int]], theirs: list[tuple[Box, int, int]], axis: int, index: int
) -> None:
    labels, others = VoxelLabels(SHAPE), VoxelLabels(SHAPE)
    for target, edits in ((labels, mine), (others, theirs)):
        for where, value, seed in edits:
            target.paint(where, mask_in(where, seed), value)
    dense, other = whole(labels), whole(others)
    across = tuple(each for each in range(3) if each != axis)
    assert labels.slices_of(1, axis) == np.flatnonzero((dense == 1).any(across)).tolist()
    box = labels.painted_box(axis, index)
    plane = np.take(dense, [index], axis)
    if box is None:
        assert not plane.any()
    else:
        assert np.count_nonzero(dense[box]) == np.count_nonzero(plane)
    labels.add(others, {1: 2, 3: 7}, frozenset({3}))
    expected = np.where((other == 1) & (dense != 3), 2, np.where((other == 3) & (dense != 3), 7, dense))
    np.testing.assert_array_equal(whole(labels), expected)
    labels.reassign(2, 5)
    np.testing.assert_array_equal(whole(labels), np.where(expected == 2, 5, expected))
    assert labels.counts() == {
        value: int((whole(labels) == value).sum()) for value in (1, 3, 5, 7) if (whole(labels) == value).any()
    }
    if (expected == 2).any():
        labels.history.undo()
    np.testing.assert_array_equal(whole(labels), expected)
