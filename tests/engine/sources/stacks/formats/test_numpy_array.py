"""Arrays of NumPy: orders, types, archives, and what is never read."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from wholefield.errors import SourceError
from wholefield.sources import Kind, UnclearFileError, format_of, kind_of, open_stack, questions_of
from wholefield.sources.stacks.formats.numpy_array import open_npy
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int, dtype: str = "u2") -> AnyArray:
    return np.random.default_rng(4).integers(0, 250, shape).astype(dtype)


@settings(deadline=None, max_examples=30)
@given(
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=9),
    st.sampled_from(["<u2", ">i4", "<f8", ">f4", "u1", "?"]),
    st.booleans(),
)
def test_orders_and_types(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, ...], dtype: str, fortran: bool
) -> None:
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    voxels = volume(*shape, dtype=dtype)
    np.save(path, np.asfortranarray(voxels) if fortran else voxels)
    with open_npy(path) as stack:
        assert stack.shape == shape
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(stack.plane(1, shape[1] - 1), voxels[:, -1])


@pytest.mark.parametrize("fortran", [True, False])
@pytest.mark.parametrize("compressed", [True, False, None])
def test_axes_by_the_reading(tmp_path: Path, fortran: bool, compressed: bool | None) -> None:
    voxels = volume(2, 3, 20, 18)
    stored = np.asfortranarray(voxels) if fortran else voxels
    path = tmp_path / ("a.npy" if compressed is None else "a.npz")
    if compressed is None:
        np.save(path, stored)
    else:
        (np.savez_compressed if compressed else np.savez)(path, scan=stored)
    assert kind_of(path) is Kind.STACK
    with pytest.raises(UnclearFileError, match="for example axes="):
        open_stack(path)
    with open_stack(path, reading="axes=tzyx; time=1") as stack:
        assert (stack.times, stack.time, stack.shape) == (2, 1, (3, 20, 18))
        np.testing.assert_array_equal(stack.read(), voxels[1])
    with open_stack(path, reading="axes=czyx; spacing=2 um") as stack:
        np.testing.assert_array_equal(stack.read(), np.moveaxis(voxels, 0, 3))
        assert stack.geometry.spacing == (2, 2, 2)


def test_an_archive_of_several_arrays_is_asked_for(tmp_path: Path) -> None:
    small, large = volume(2, 9, 9), volume(3, 20, 18)
    np.savez(tmp_path / "a.npz", small=small, large=large, angles=np.arange(7.0))
    with pytest.raises(
        UnclearFileError, match="holds 2 arrays; choose one of them, for example dataset=large"
    ):
        open_stack(tmp_path / "a.npz")
    (question, *_) = questions_of(tmp_path / "a.npz")
    assert [answer.value for answer in question.answers] == ["large", "small"]
    for name, voxels in (("small", small), ("large", large)):
        with open_stack(tmp_path / "a.npz", name) as stack:
            np.testing.assert_array_equal(stack.read(), voxels)
    with pytest.raises(SourceError, match="has no array named angles"):
        open_stack(tmp_path / "a.npz", "angles")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_object_arrays_are_never_unpickled(tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    array = np.empty((2, 3, 4), object)
    array[...] = Trap(trap)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(SourceError, match="holds Python objects, which can run code"):
        open_stack(tmp_path / "a.npy")
    questions = open_npy
    with pytest.raises(SourceError, match="Python objects"):
        questions(tmp_path / "a.npy")
    assert not trap.exists()
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(SourceError):
        open_stack(tmp_path / "b.npy")
    assert not trap.exists()


def test_tables_are_no_volumes(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", volume(200, 4))
    np.save(tmp_path / "b.npy", volume(40, 30))
    np.save(tmp_path / "c.npy", np.zeros(9, [("x", "u2"), ("y", "u2")]))
    for name in "ac":
        row = format_of(tmp_path / f"{name}.npy")
        assert row is None or row.kind is not Kind.STACK
    with open_stack(tmp_path / "b.npy") as stack:
        assert stack.shape == (1, 40, 30)


@pytest.mark.parametrize("shape", ["(2, 3)", "(10**9, 10**9, 10**9)", "(-2, 3, 4)", "(2, 3, 4, __import__)"])
def test_headers_that_cannot_be(tmp_path: Path, shape: str) -> None:
    text = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape.replace('10**9', '1000000000')}, }}"
    head = text.ljust(117) + "\n"
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + b"x" * 11
    )
    with pytest.raises(SourceError, match=r"is cut off|cannot be read as a NumPy array"):
        open_npy(tmp_path / "a.npy")


def test_a_color_picture_is_asked_for(tmp_path: Path) -> None:
    """Or three slices, as MATLAB orders them."""
    voxels = volume(40, 30, 3)
    np.save(tmp_path / "a.npy", voxels)
    with pytest.raises(UnclearFileError) as caught:
        open_stack(tmp_path / "a.npy")
    assert {"yxc", "xyz"} <= {answer.value for answer in caught.value.questions[0].answers}
    with open_stack(tmp_path / "a.npy", reading="axes=yxc") as stack:
        np.testing.assert_array_equal(stack.read(), voxels[None])
    with open_stack(tmp_path / "a.npy", reading="axes=xyz") as stack:
        np.testing.assert_array_equal(stack.read(), voxels.T)
