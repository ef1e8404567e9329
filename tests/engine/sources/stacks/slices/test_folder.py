from fnmatch import fnmatch
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.export.pyramid import PyramidSettings, write_pyramid
from wholefield.sources import Kind, Reading, UnclearFileError, kind_of, open_stack
from wholefield.sources.stacks.slices.folder import open_slice_folder
from wholefield.sources.stacks.slices.names import natural_key
from wholefield.sources.stacks.slices.selection import slices_in
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


def slices(folder: Path, *names: str, side: int = 20) -> AnyArray:
    """TIFF slices of these names, each with its place as its values."""
    planes = np.arange(len(names), dtype="u2")[:, None, None] + np.zeros((1, side, side), "u2")
    for name, plane in zip(names, planes, strict=True):
        tifffile.imwrite(folder / name, plane)
    return planes


def test_a_slice_that_is_damaged_later_is_told_when_it_is_read(tmp_path: Path) -> None:
    for index, plane in enumerate(volume(8)):
        tifffile.imwrite(tmp_path / f"{index}.tif", plane)
    with open_stack(tmp_path) as stack:
        (tmp_path / "3.tif").write_bytes(b"damaged")
        np.testing.assert_array_equal(stack.plane(0, 2), volume(8)[2])
        for axis, index in ((0, 3), (1, 0)):
            with pytest.raises(SourceError, match=r"3.tif cannot be read as a TIFF"):
                stack.plane(axis, index)


@pytest.mark.parametrize("place", [0, 3, 5, 7])
@pytest.mark.parametrize("how", ["size", "type", "damaged", "cut off"])
def test_an_odd_slice_is_named_at_opening(tmp_path: Path, place: int, how: str) -> None:
    """First, middle and last are not enough: each of the others decides as much."""
    for index, plane in enumerate(volume(8)):
        odd = {"size": plane[:-1], "type": plane.astype("f4")}.get(how, plane) if index == place else plane
        tifffile.imwrite(tmp_path / f"{index}.tif", odd)
    path = tmp_path / f"{place}.tif"
    if how == "damaged":
        path.write_bytes(b"II*\0damaged")
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(SourceError, match=rf"{place}\.tif (is|are) .*unlike the other 7 slices"):
        open_slice_folder(tmp_path)


@pytest.mark.parametrize("side", [20, 24])
@pytest.mark.parametrize("name", ["scan_rec_spr.tif", "scan_rec_sag.tif", "overview.tif", "scan_rec.tif"])
def test_a_preview_beside_the_slices_is_left_out_and_named(tmp_path: Path, name: str, side: int) -> None:
    """Also where it has the size of a slice."""
    planes = slices(tmp_path, *(f"scan_rec{index:04}.tif" for index in range(5)))
    tifffile.imwrite(tmp_path / name, np.full((side, side), 99, "u2"))
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), planes)
        assert stack.warnings == (f"Not among the slices, by their names, are {name}.",)


def test_names_without_numbers_are_all_slices(tmp_path: Path) -> None:
    planes = slices(tmp_path, "apex.tif", "base.tif", "crest.tif")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), planes)
        assert stack.warnings == ()


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["before_1.tif", "before_2.tif", "after_1.tif", "after_2.tif"], ["after_#.tif", "before_#.tif"]),
        (["s1_1.tif", "s1_2.tif", "s2_1.tif", "s2_2.tif"], ["s1_#.tif", "s2_#.tif", "s#_#.tif"]),
    ],
)
def test_slices_of_two_scans_are_asked_for(tmp_path: Path, names: list[str], patterns: list[str]) -> None:
    slices(tmp_path, *names)
    with pytest.raises(UnclearFileError, match="holds slices of several scans") as caught:
        open_stack(tmp_path)
    assert sorted(answer.value for answer in caught.value.questions[0].answers) == sorted(patterns)
    with open_stack(tmp_path, reading=Reading({"series": patterns[-1]})) as stack:
        expected = [name for name in names if fnmatch(name, patterns[-1].replace("#", "?"))]
        assert [int(value) for value in stack.read()[:, 0, 0]] == [names.index(name) for name in expected]
    with pytest.raises(SourceError, match="has no slices named absent"):
        open_stack(tmp_path, reading="series=absent")


@pytest.mark.parametrize("name", ["t{}_z{}.tif", "Time {} slice {}.tif", "scan_t{:02}_{:03}.tif"])
def test_names_that_count_times(tmp_path: Path, name: str) -> None:
    planes = slices(tmp_path, *(name.format(time, z) for time in range(2) for z in range(11)))
    with open_stack(tmp_path) as stack:
        assert (stack.times, stack.shape) == (2, (11, 20, 20))
        np.testing.assert_array_equal(stack.read(), planes[:11])
        with stack.at_time(1) as other:
            np.testing.assert_array_equal(other.read(), planes[11:])


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([1, 2, 4, 5], "number 3;"),
        ([0, 2, 4, 8], "number 6;"),
        ([1, 2, 9, 10], "number 3, 4, 5 and 3 more"),
        ([5, 6], ""),
    ],
)
def test_slices_that_are_missing_are_told(tmp_path: Path, numbers: list[int], said: str) -> None:
    slices(tmp_path, *(f"a{number}.tif" for number in numbers))
    with open_stack(tmp_path) as stack:
        assert bool(stack.warnings) == bool(said)
        assert said in " ".join(stack.warnings)


def test_slices_that_are_stacks_are_refused(tmp_path: Path) -> None:
    for index in range(3):
        tifffile.imwrite(tmp_path / f"{index}.tif", volume(4), photometric="minisblack")
    assert kind_of(tmp_path) is None
    with pytest.raises(SourceError, match="are stacks or pyramids of their own"):
        open_slice_folder(tmp_path)


def test_slices_keep_their_numbers_whatever_they_look_like(tmp_path: Path) -> None:
    planes = volume(3, "u1")
    table = np.random.default_rng(2).integers(0, 256, (3, 256)).astype("u2") * 257
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for index, plane in enumerate(planes):
        tifffile.imwrite(tmp_path / "a" / f"{index}.tif", plane, photometric="miniswhite")
        tifffile.imwrite(tmp_path / "b" / f"{index}.tif", plane, photometric="palette", colormap=table)
    for name in "ab":
        with open_stack(tmp_path / name) as stack:
            np.testing.assert_array_equal(stack.read(), planes)
    with open_stack(tmp_path / "b", reading="palette=colors") as stack:
        np.testing.assert_array_equal(stack.read(), np.moveaxis(table[:, planes] // 257, 0, -1))


def test_jpeg_slices_are_told_to_have_lost_detail(tmp_path: Path) -> None:
    planes = np.stack([np.full((24, 32), 40 * index, "u1") for index in range(4)])
    for index, plane in enumerate(planes):
        (tmp_path / f"{index}.jpg").write_bytes(imagecodecs.jpeg8_encode(plane, level=95))
    assert kind_of(tmp_path) is Kind.STACK
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), planes)
        assert any("lost detail" in warning for warning in stack.warnings)


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
