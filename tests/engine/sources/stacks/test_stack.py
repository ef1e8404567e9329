from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import Box, StackDescription, StackSource, checked_dtype, normalized


class Held(StackSource):
    """A stack in memory that notes what it is asked for."""

    def __init__(self, values: np.ndarray, channels: int = 1) -> None:
        shape = values.shape[:3]
        super().__init__(Path("held.raw"), StackDescription("Held", shape, channels, values.dtype))
        self.values = values
        self.asked: list[Box] = []

    def _read_box(self, box: Box) -> np.ndarray:
        self.asked.append(box)
        return self.values[box]


def held(*tail: int) -> Held:
    values = np.arange(4 * 5 * 6 * int(np.prod(tail))).reshape(4, 5, 6, *tail)
    return Held(values, tail[0] if tail else 1)


slices = st.builds(
    slice,
    st.none() | st.integers(-9, 9),
    st.none() | st.integers(-9, 9),
)


@given(slices, slices, slices)
def test_boxes_are_cut_as_arrays_are(z: slice, y: slice, x: slice) -> None:
    for stack in (held(), held(3)):
        np.testing.assert_array_equal(stack.read(z, y, x), stack.values[z, y, x])
        assert stack.read(z, y, x).flags.c_contiguous


def test_an_empty_box_asks_for_nothing() -> None:
    stack = held()
    assert stack.read(slice(2, 2)).shape == (0, 5, 6)
    assert stack.read(slice(3, 1), slice(0, 2)).shape == (0, 2, 6)
    assert stack.asked == []


def test_planes() -> None:
    stack = held()
    for axis in range(3):
        for index in range(stack.shape[axis]):
            np.testing.assert_array_equal(stack.plane(axis, index), stack.values.take(index, axis))
    assert held(3).plane(1, 2).shape == (4, 6, 3)
    stack.asked.clear()
    stack.plane(1, 2)
    assert stack.asked == [(slice(0, 4), slice(2, 3), slice(0, 6))]


@pytest.mark.parametrize(("axis", "index"), [(0, 4), (1, -1), (2, 6), (3, 0)])
def test_planes_that_are_not_there(axis: int, index: int) -> None:
    with pytest.raises(IndexError, match="has no plane"):
        held().plane(axis, index)


def test_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="step 1, not 2"):
        held().read(slice(None, None, 2))


def test_a_closed_stack_is_not_read() -> None:
    with held() as stack:
        stack.read()
    with pytest.raises(SourceError, match="has been closed; open it again"):
        stack.read()


@given(st.tuples(slices, slices, slices), st.tuples(*[st.integers(1, 7)] * 3))
def test_normalized_slices_lie_inside(box: Any, shape: tuple[int, int, int]) -> None:
    for side, inside, length in zip(box, normalized(box, shape), shape, strict=True):
        assert 0 <= inside.start <= inside.stop <= length
        assert list(range(length))[side] == list(range(length))[inside]


@pytest.mark.parametrize(("stored", "read"), [(">i2", "i2"), ("?", "u1"), ("<f4", "f4"), (">u8", "u8")])
def test_types_as_they_are_read(stored: str, read: str) -> None:
    dtype = checked_dtype(Path("a"), np.dtype(stored))
    assert dtype == np.dtype(read)
    assert dtype.isnative


@pytest.mark.parametrize("stored", ["c8", "S4", "V3", "M8[s]"])
def test_types_that_are_no_numbers(stored: str) -> None:
    with pytest.raises(SourceError, match="save it with integer or floating-point voxels"):
        checked_dtype(Path("a"), np.dtype(stored))


def test_geometries_are_compared_with_their_affine() -> None:
    turned = StackGeometry((1.0, 1.0, 1.0), "mm", np.diag([-1.0, 1, 1, 1]))
    assert StackGeometry() == StackGeometry()
    assert turned == StackGeometry((1.0, 1.0, 1.0), "mm", np.diag([-1.0, 1, 1, 1]))
    assert turned != StackGeometry((1.0, 1.0, 1.0), "mm", np.eye(4))
    assert turned != StackGeometry((1.0, 1.0, 1.0), "mm")
    assert len({turned, StackGeometry(*turned.__dict__.values())}) == 1


class Timed(Held):
    """Several volumes in memory that count how often they are released."""

    def __init__(self, values: np.ndarray) -> None:
        description = StackDescription("Held", values.shape[1:4], 1, values.dtype, times=len(values))
        StackSource.__init__(self, Path("held.raw"), description)
        self.values = values
        self.released: list[int] = []

    def _read_box(self, box: Box) -> np.ndarray:
        return self.values[(self.time, *box)]

    def _release(self) -> None:
        self.released.append(self.time)


def timed() -> Timed:
    return Timed(np.arange(3 * 4 * 5 * 6).reshape(3, 4, 5, 6))


def test_every_time_is_read() -> None:
    with timed() as stack:
        assert (stack.times, stack.time) == (3, 0)
        for time in range(3):
            with stack.at_time(time) as other:
                assert (other.time, other.times, other.shape) == (time, 3, (4, 5, 6))
                np.testing.assert_array_equal(other.read(), stack.values[time])
        np.testing.assert_array_equal(stack.read(), stack.values[0])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_last_time_that_is_closed_releases_the_file(order: tuple[int, ...]) -> None:
    first = timed()
    second = first.at_time(2)
    stacks = (first, second, second.at_time(1))
    for place in order:
        assert first.released == []
        stacks[place].close()
        stacks[place].close()
        with pytest.raises(SourceError, match="closed"):
            stacks[place].read()
        with pytest.raises(SourceError, match="closed"):
            stacks[place].at_time(0)
    assert len(first.released) == 1


@pytest.mark.parametrize("index", [-1, 3])
def test_a_time_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError, match="times 0 to 2"):
        timed().at_time(index)


def test_most_stacks_have_one_time() -> None:
    stack = held()
    assert (stack.times, stack.time) == (1, 0)
    np.testing.assert_array_equal(stack.at_time(0).read(), stack.read())


def test_a_box_that_no_memory_holds_is_refused_before_it_is_taken() -> None:
    stack = held()
    stack.shape = (10**6, 10**6, 10**6)
    with pytest.raises(SourceError, match=r"would need [\d.]+ GB of memory"):
        stack.read()
    assert stack.asked == []
