"""OME-Zarr by its own words: chunks, channels, windows and attributes, as Zarr itself reads them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from wholefield.errors import SettingError
from wholefield.export import stack_zarr
from wholefield.export.stack_zarr import NgffVersion, write_ome_zarr
from wholefield.sources import StackGeometry
from wholefield.sources.stacks.formats.ome_zarr import OWN_ATTRIBUTES
from wholefield.sources.stacks.stack import AnyArray

NONE = StackGeometry()


def volume(*shape: int, dtype: str = "u2") -> AnyArray:
    return (np.random.default_rng(8).random(shape) * 900).astype(dtype)


def content(path: Path) -> dict[str, Any]:
    return dict(zarr.open_group(path, mode="r").attrs)


@pytest.mark.parametrize("version", NgffVersion)
@pytest.mark.parametrize("depth", [1, 15, 16, 17, 33])
def test_stacks_that_do_not_fill_their_last_chunk(tmp_path: Path, version: NgffVersion, depth: int) -> None:
    voxels = volume(depth, 7, 261)
    write_ome_zarr(tmp_path / "a.zarr", iter(voxels), (depth, 7, 261), "u2", NONE, version=version)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], voxels)
    assert group["0"].chunks == (min(depth, 16), 7, 256)
    assert group["1"].shape == (depth, 4, 131)


def test_planes_wait_only_as_long_as_memory_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_zarr, "WAITING_BYTES", 3 * 20 * 30 * 2 + 1)
    voxels = volume(10, 20, 30)
    write_ome_zarr(tmp_path / "a.zarr", iter(voxels), (10, 20, 30), "u2", NONE)
    array = zarr.open_group(tmp_path / "a.zarr", mode="r")["0"]
    assert array.chunks == (3, 20, 30)
    np.testing.assert_array_equal(array[...], voxels)
    monkeypatch.setattr(stack_zarr, "WAITING_BYTES", 1)
    write_ome_zarr(tmp_path / "b.zarr", iter(voxels), (10, 20, 30), "u2", NONE)
    assert zarr.open_group(tmp_path / "b.zarr", mode="r")["0"].chunks == (1, 20, 30)


def test_windows_of_channels_leave_out_what_is_no_number(tmp_path: Path) -> None:
    voxels = volume(2, 6, 5, 3, dtype="f4")
    voxels[0, 0, 0, 0], voxels[1, :, :, 1], voxels[..., 2] = np.nan, np.nan, np.nan
    write_ome_zarr(tmp_path / "a.zarr", voxels, (2, 6, 5), "f4", NONE, channels=3, names=("a", "b", "c"))
    first, second, third = content(tmp_path / "a.zarr")["ome"]["omero"]["channels"]
    assert [each["label"] for each in (first, second, third)] == ["a", "b", "c"]
    assert [each["active"] for each in (first, second, third)] == [True, False, False]
    for channel, values in ((first, voxels[..., 0]), (second, voxels[..., 1])):
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        assert channel["window"] == {"min": low, "max": high, "start": low, "end": high}
    assert third["window"] == {"min": 0.0, "max": 1.0, "start": 0.0, "end": 1.0}


@pytest.mark.parametrize("version", NgffVersion)
def test_channels_come_first_and_are_not_halved(tmp_path: Path, version: NgffVersion) -> None:
    voxels = volume(3, 300, 10, 2)
    write_ome_zarr(
        tmp_path / "a.zarr", voxels, (3, 300, 10), "u2", NONE, version=version, labels=True, channels=2
    )
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    np.testing.assert_array_equal(group["1"][...], np.moveaxis(voxels[:, ::2, ::2], -1, 0))
    assert group["0"].chunks == (1, 3, 256, 10)
    attributes = content(tmp_path / "a.zarr")
    described = attributes if version is NgffVersion.V04 else attributes["ome"]
    (multiscale,) = described["multiscales"]
    assert "omero" not in described
    assert multiscale["axes"] == [{"name": "c", "type": "channel"}] + [
        {"name": axis, "type": "space"} for axis in "zyx"
    ]
    scales = [level["coordinateTransformations"][0]["scale"] for level in multiscale["datasets"]]
    assert scales == [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 2.0, 2.0]]
    assert (multiscale if version is NgffVersion.V04 else described)["version"] == version.value


def test_the_affine_is_an_attribute_of_our_own(tmp_path: Path) -> None:
    affine = np.array([[0, -0.5, 0, 7], [0.5, 0, 0, -3], [0, 0, 2.0, 11], [0, 0, 0, 1]])
    geometry = StackGeometry((2.0, 0.5, 0.5), "mm", affine)
    write_ome_zarr(tmp_path / "head.ome.zarr", volume(2, 3, 4), (2, 3, 4), "u2", geometry)
    attributes = content(tmp_path / "head.ome.zarr")
    np.testing.assert_array_equal(attributes[OWN_ATTRIBUTES]["affine"], affine)
    (multiscale,) = attributes["ome"]["multiscales"]
    assert multiscale["name"] == "head"
    assert [axis["unit"] for axis in multiscale["axes"]] == ["millimeter"] * 3


def test_only_a_zarr_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    (tmp_path / "a.txt").touch()
    for name in ("photos", "a.txt"):
        with pytest.raises(
            SettingError, match="exists already and is not a Zarr folder; choose another name"
        ):
            write_ome_zarr(tmp_path / name, volume(2, 3, 4), (2, 3, 4), "u2", NONE)
    assert (tmp_path / "photos" / "cat.jpg").exists()
    for fill in (1, 2):
        write_ome_zarr(tmp_path / "a.zarr", np.full((2, 3, 4), fill, "u1"), (2, 3, 4), "u1", NONE)
    assert (zarr.open_group(tmp_path / "a.zarr", mode="r")["0"][...] == 2).all()
