"""Planes on their way to a file: counted, checked, and passed on one by one."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from wholefield.errors import SettingError
from wholefield.export.stack_planes import AnyArray, passing, plane_shape, refuse_empty, written_dtype


def test_planes_are_passed_on_as_they_come() -> None:
    """None is asked for before the one before it was taken, and progress is told after it was."""
    asked, told = list[int](), list[tuple[int, int]]()

    def planes() -> Iterator[AnyArray]:
        for index in range(3):
            asked.append(index)
            yield np.full((4, 5), index, np.int16)

    stream = passing(planes(), (3, 4, 5), np.dtype("i2"), lambda *step: told.append(step))
    assert asked == []
    for index in range(3):
        assert next(stream)[0, 0] == index
        assert asked == list(range(index + 1))
        assert told == [(done, 3) for done in range(1, index + 1)]
    assert list(stream) == []
    assert told[-1] == (3, 3)


def test_strided_planes_become_contiguous_and_truth_values_bytes() -> None:
    whole = np.arange(60, dtype=np.uint8).reshape(5, 12)
    (plane,) = passing([whole[:, ::3].T], (1, 4, 5), np.dtype("u1"), None)
    assert plane.flags.c_contiguous
    np.testing.assert_array_equal(plane, whole[:, ::3].T)
    (mask,) = passing([whole > 30], (1, 5, 12), np.dtype("u1"), None)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, np.where(whole > 30, 1, 0))


@pytest.mark.parametrize(
    ("count", "shape", "dtype", "channels", "sentence"),
    [
        (2, (4, 5), "u1", 1, r"there are 2 planes, but a stack of \(3, 4, 5\) has 3"),
        (0, (4, 5), "u1", 1, "there are 0 planes"),
        (4, (4, 5), "u1", 1, r"there are more planes than a stack of \(3, 4, 5\) has"),
        (3, (5, 4), "u1", 1, r"plane 0 is uint8 \(5, 4\), not uint8 \(4, 5\)"),
        (3, (4, 5), "u2", 1, r"plane 0 is uint16 \(4, 5\), not uint8"),
        (3, (4, 5), "u1", 2, r"plane 0 is uint8 \(4, 5\), not uint8 \(4, 5, 2\)"),
        (3, (4, 5, 2), "u1", 1, r"plane 0 is uint8 \(4, 5, 2\), not uint8 \(4, 5\)"),
    ],
)
def test_planes_that_were_not_announced(
    count: int, shape: tuple[int, ...], dtype: str, channels: int, sentence: str
) -> None:
    planes = [np.zeros(shape, dtype)] * count
    with pytest.raises(ValueError, match=sentence):
        list(passing(planes, (3, 4, 5), np.dtype("u1"), None, channels))


def test_shape_of_a_plane() -> None:
    assert plane_shape((3, 4, 5), 1) == (4, 5)
    assert plane_shape((3, 4, 5), 2) == (4, 5, 2)


@pytest.mark.parametrize(
    ("given", "written"), [("u2", "u2"), (">u2", "u2"), ("?", "u1"), (np.uint16, "u2"), (bool, "u1")]
)
def test_written_types(given: npt.DTypeLike, written: str) -> None:
    found = written_dtype(given, ("u1", "u2"), "TIFF")
    assert found == np.dtype(written)
    assert found.isnative


@pytest.mark.parametrize("dtype", ["f8", "c8", "i2", "S3"])
def test_types_that_a_format_cannot_hold(dtype: str) -> None:
    name = str(np.dtype(dtype))
    with pytest.raises(SettingError) as caught:
        written_dtype(dtype, ("u1", "u2"), "TIFF")
    assert f"TIFF cannot hold voxels of type {name}; convert them to float32." in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 4, 5), (3, 4, 0), (3, -1, 5)])
def test_empty_stacks_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(SettingError, match="is empty; there is nothing to write"):
        refuse_empty(shape)
    refuse_empty((1, 1, 1))
