"""Arrays of Zarr without OME: versions, names of axes, groups, and what is refused."""

import shutil
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import zarr

from wholefield.errors import SourceError
from wholefield.sources import Kind, UnclearFileError, format_of, kind_of, open_stack, questions_of
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int, dtype: str = "u2") -> AnyArray:
    return np.random.default_rng(4).integers(0, 250, shape).astype(dtype)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dtype", ["<u2", ">f4", "u1"])
def test_an_array_of_three_axes(tmp_path: Path, version: Literal[2, 3], zipped: bool, dtype: str) -> None:
    voxels = volume(4, 33, 20, dtype=dtype)
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=voxels, chunks=(2, 16, 16), zarr_format=version)
    if zipped:
        path = Path(shutil.make_archive(str(path), "zip", path))
    row = format_of(path)
    assert row is not None
    assert (row.name, kind_of(path)) == ("Zarr", Kind.STACK)
    with open_stack(path) as stack:
        assert (stack.shape, stack.dtype) == ((4, 33, 20), np.dtype(dtype).newbyteorder("="))
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(stack.plane(2, 17), voxels[:, :, 17])
        assert stack.geometry.spacing is None


@pytest.mark.parametrize("version", [2, 3])
def test_names_of_axes_decide(tmp_path: Path, version: Literal[2, 3]) -> None:
    voxels = volume(2, 3, 20, 18)
    more: dict[str, Any] = {"dimension_names": ["time", "Channel", "y", "x"]} if version == 3 else {}
    array = zarr.create_array(tmp_path / "a.zarr", data=voxels, zarr_format=version, **more)
    if version == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = ["time", "Channel", "y", "x"]
    with open_stack(tmp_path / "a.zarr") as stack:
        assert (stack.shape, stack.channels, stack.times) == ((1, 20, 18), 3, 2)
        with stack.at_time(1) as other:
            np.testing.assert_array_equal(other.read()[0], np.moveaxis(voxels[1], 0, 2))


def test_four_axes_without_names_are_asked_for(tmp_path: Path) -> None:
    voxels = volume(5, 4, 20, 18)
    zarr.create_array(tmp_path / "a.zarr", data=voxels)
    with pytest.raises(UnclearFileError, match="for example axes="):
        open_stack(tmp_path / "a.zarr")
    assert [question.name for question in questions_of(tmp_path / "a.zarr")] == ["axes"]
    with open_stack(tmp_path / "a.zarr", reading="axes=czyx") as stack:
        np.testing.assert_array_equal(stack.read(), np.moveaxis(voxels, 0, 3))


def test_a_group_of_arrays(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    small, large = volume(2, 9, 9), volume(3, 20, 18)
    group.create_array("deep/large", data=large)
    group.create_array("line", data=np.arange(5))
    with open_stack(tmp_path / "a.zarr") as stack:
        assert stack.dataset == "deep/large"
        np.testing.assert_array_equal(stack.read(), large)
    group.create_array("small", data=small)
    with pytest.raises(UnclearFileError, match=r"holds 2 arrays; .* dataset=deep/large"):
        open_stack(tmp_path / "a.zarr")
    (question, *_) = questions_of(tmp_path / "a.zarr")
    assert [answer.value for answer in question.answers] == ["deep/large", "small"]
    with open_stack(tmp_path / "a.zarr", "small") as stack:
        np.testing.assert_array_equal(stack.read(), small)
    with pytest.raises(SourceError, match="has no array named absent"):
        open_stack(tmp_path / "a.zarr", "absent")


def test_arrays_that_cannot_be_shown(tmp_path: Path) -> None:
    zarr.create_array(
        tmp_path / "a.zarr", shape=(2, 100_000, 100_000), dtype="f8", chunks=(1, 50_000, 50_000)
    )
    with pytest.raises(SourceError, match=r"in chunks of 20\.0 GB"):
        open_stack(tmp_path / "a.zarr")
    zarr.create_array(tmp_path / "b.zarr", shape=(0, 5, 5), dtype="u1")
    with pytest.raises(SourceError, match="there is nothing to show"):
        open_stack(tmp_path / "b.zarr")
    zarr.create_array(tmp_path / "c.zarr", data=volume(2, 3, 4).astype("c8"))
    with pytest.raises(SourceError, match="voxels of type complex64"):
        open_stack(tmp_path / "c.zarr")


def test_a_member_that_unpacks_to_more_than_its_chunk_is_refused(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=volume(4, 33, 20), chunks=(2, 16, 16), zarr_format=2)
    path = tmp_path / "a.zarr.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted((tmp_path / "a.zarr").iterdir()):
            archive.writestr(each.name, bytes(10**8) if each.name == "0.0.0" else each.read_bytes())
    assert path.stat().st_size < 10**6
    with pytest.raises(SourceError, match=r"holds 0\.0\.0 of 100 MB"):
        open_stack(path)


def test_numbers_that_stand_for_others_are_told(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "a.zarr", data=volume(4, 33, 20))
    array.attrs.update({"scale_factor": 0.5, "add_offset": -3})
    with open_stack(tmp_path / "a.zarr") as stack:
        np.testing.assert_array_equal(stack.read(), volume(4, 33, 20))
        assert stack.warnings == (
            "Numbers are as stored; the file says that they stand for 0.5 times the number plus -3.",
        )
