from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.export.pyramid import PyramidSettings, write_pyramid
from wholefield.sources import Kind, kind_of, open_stack
from wholefield.sources.stacks.slice_folder import natural_key, slices_in
from wholefield.sources.stacks.stack import AnyArray


def volume(depth: int = 12, dtype: str = "u2") -> AnyArray:
    return (np.random.default_rng(3).random((depth, 20, 30)) * 250).astype(dtype)


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=12))
def test_numbers_are_sorted_as_numbers(numbers: list[int]) -> None:
    names = [f"slice {number} of 12.tif" for number in numbers]
    assert sorted(names, key=natural_key) == [f"slice {number} of 12.tif" for number in sorted(numbers)]


@given(st.lists(st.text("aB01. ", max_size=6), unique=True))
def test_every_set_of_names_has_one_order(names: list[str]) -> None:
    folded = {name.casefold(): name for name in names}.values()
    assert sorted(folded, key=natural_key) == sorted(sorted(folded, reverse=True), key=natural_key)


def test_natural_order_whatever_else_lies_there(tmp_path: Path) -> None:
    for index, plane in enumerate(volume()):
        tifffile.imwrite(tmp_path / f"s{index}.TIF", plane)
    (tmp_path / "notes.txt").write_text("12 slices")
    (tmp_path / ".hidden.tif").write_bytes(b"")
    (tmp_path / "preview.png").write_bytes(imagecodecs.png_encode(volume(1, "u1")[0]))
    assert [path.name for path in slices_in(tmp_path)] == [f"s{index}.TIF" for index in range(12)]
    assert kind_of(tmp_path) is Kind.STACK
    with open_stack(tmp_path) as stack:
        assert stack.format_name == "Folder of TIFF slices"
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_png_slices(tmp_path: Path, dtype: str) -> None:
    for index, plane in enumerate(volume(dtype=dtype)):
        (tmp_path / f"{index}.png").write_bytes(imagecodecs.png_encode(plane))
    with open_stack(tmp_path) as stack:
        assert stack.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(stack.read(slice(2, 11), slice(3, 9)), volume(dtype=dtype)[2:11, 3:9])


def test_color_slices(tmp_path: Path) -> None:
    color = (np.random.default_rng(0).random((3, 20, 30, 3)) * 250).astype("u1")
    for index, plane in enumerate(color):
        (tmp_path / f"{index}.png").write_bytes(imagecodecs.png_encode(plane))
    with open_stack(tmp_path) as stack:
        assert stack.channels == 3
        np.testing.assert_array_equal(stack.read(), color)


def test_only_the_slices_asked_for_are_read(tmp_path: Path) -> None:
    for index, plane in enumerate(volume(8)):
        tifffile.imwrite(tmp_path / f"{index}.tif", plane)
    (tmp_path / "3.tif").write_bytes(b"damaged")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.plane(0, 2), volume(8)[2])
        with pytest.raises(SourceError, match=r"3.tif is named like .*TIFF and does not begin like it"):
            stack.plane(0, 3)
        with pytest.raises(SourceError, match=r"3.tif is named like .*TIFF and does not begin like it"):
            stack.plane(1, 0)


def test_a_slice_of_another_size_is_named(tmp_path: Path) -> None:
    for index, plane in enumerate(volume(8)):
        tifffile.imwrite(tmp_path / f"{index}.tif", plane[:-1] if index == 3 else plane)
    with (
        open_stack(tmp_path) as stack,
        pytest.raises(SourceError, match=r"3.tif has 30 x 19 px with 1 channels"),
    ):
        stack.read()


def test_pictures_of_different_sizes_are_no_stack(tmp_path: Path) -> None:
    for side in (20, 30, 40):
        tifffile.imwrite(tmp_path / f"{side}.tif", np.zeros((side, side), "u1"))
    assert kind_of(tmp_path) is None
    with pytest.raises(SourceError, match="holds pictures that differ in size or type"):
        open_stack(tmp_path)


def test_a_folder_of_slides_is_no_stack(tmp_path: Path) -> None:
    for index in range(3):
        write_pyramid(
            tmp_path / f"{index}.tif",
            np.zeros((300, 300, 3), "u1"),
            None,
            PyramidSettings(tile_size=64, coarsest=128),
        )
    assert kind_of(tmp_path) is None


def test_a_slice_that_has_gone(tmp_path: Path) -> None:
    for index, plane in enumerate(volume(4)):
        tifffile.imwrite(tmp_path / f"{index}.tif", plane)
    with open_stack(tmp_path) as stack:
        (tmp_path / "2.tif").unlink()
        with pytest.raises(SourceError, match=r"2\.tif does not exist"):
            stack.read()


@pytest.mark.data
def test_membranes(data_folder: Path) -> None:
    """Named 0, 2, 4, 6, 8, 10."""
    with open_stack(data_folder / "stacks" / "isbi2012_em" / "image") as stack:
        assert stack.shape == (6, 512, 512)
        assert (stack.metadata["first slice"], stack.metadata["last slice"]) == ("0.png", "10.png")
