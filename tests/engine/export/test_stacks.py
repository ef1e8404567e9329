"""Stacks that are written are read again equal, with their geometry; nothing half-written is left."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import zarr

from wholefield.errors import SettingError
from wholefield.export.pyramid import Compression
from wholefield.export.stacks import NgffVersion, write_nifti, write_ome_zarr, write_tiff_stack
from wholefield.sources import Kind, StackGeometry, kind_of, open_stack
from wholefield.sources.stacks.stack import AnyArray

Writer = Callable[..., None]
WRITERS: dict[str, Writer] = {
    "a.tif": write_tiff_stack,
    "a.nii": write_nifti,
    "a.nii.gz": write_nifti,
    "a.ome.zarr": write_ome_zarr,
}
# A turned, scaled and moved volume: voxels of 0.5 x 0.75 x 2 mm.
TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN * [0.5, 0.75, 2.0]
AFFINE[:3, 3] = [10.0, -20.5, 31.25]


class Stopped(Exception):
    pass


def volume(dtype: str, shape: tuple[int, int, int] = (5, 37, 41)) -> AnyArray:
    return (np.random.default_rng(2).random(shape) * 250 - (100 if dtype[0] != "u" else 0)).astype(dtype)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f4", "f8"])
@pytest.mark.parametrize(
    "geometry",
    [
        StackGeometry((2.0, 0.75, 0.5), "mm"),
        StackGeometry((0.25, 0.125, 0.5), "um"),
        StackGeometry((3.0, 1.0, 1.0), ""),
        StackGeometry(),
    ],
    ids=["mm", "um", "no unit", "none"],
)
def test_read_again_equal(tmp_path: Path, name: str, dtype: str, geometry: StackGeometry) -> None:
    voxels, steps = volume(dtype), []
    path = tmp_path / name
    WRITERS[name](path, iter(voxels), voxels.shape, dtype, geometry, lambda *step: steps.append(step))
    assert steps == [(done, 5) for done in range(1, 6)]
    assert left(tmp_path) == [name]
    assert kind_of(path) is Kind.STACK
    with open_stack(path) as stack:
        assert stack.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.affine is None
        if geometry.spacing is None:
            assert stack.geometry.spacing is None
            return
        factor = 1e3 if (geometry.unit, stack.geometry.unit) == ("mm", "um") else 1
        assert stack.geometry.spacing == pytest.approx([each * factor for each in geometry.spacing])
        assert (stack.geometry.unit == "") == (geometry.unit == "")


@pytest.mark.parametrize("name", WRITERS)
def test_the_affine_is_kept(tmp_path: Path, name: str) -> None:
    voxels = volume("i2")
    geometry = StackGeometry((2.0, 0.75, 0.5), "mm", AFFINE)
    WRITERS[name](tmp_path / name, voxels, voxels.shape, "i2", geometry)
    with open_stack(tmp_path / name) as stack:
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine, AFFINE, rtol=1e-6)
        assert stack.geometry.spacing == pytest.approx(geometry.spacing)
        assert stack.geometry.unit == "mm"


@pytest.mark.parametrize("name", ["a.tif", "a.ome.zarr"])
@pytest.mark.parametrize(
    ("shape", "dtype", "names"),
    [
        ((4, 37, 41, 3), "u2", ("DAPI", "GFP", "Phase")),
        ((1, 20, 30, 2), "f4", ()),
        ((3, 16, 17, 5), "u1", ()),
    ],
)
def test_channels_are_kept(
    tmp_path: Path, name: str, shape: tuple[int, ...], dtype: str, names: tuple[str, ...]
) -> None:
    voxels = (np.random.default_rng(2).random(shape) * 250).astype(dtype)
    geometry = StackGeometry((2.0, 0.5, 0.25), "um")
    steps: list[int] = []
    WRITERS[name](
        tmp_path / name, iter(voxels), shape[:3], dtype, geometry, lambda done, _: steps.append(done),
        channels=shape[3], names=names,
    )  # fmt: skip
    assert steps == list(range(1, shape[0] + 1))
    with open_stack(tmp_path / name) as stack:
        assert (stack.shape, stack.channels) == (shape[:3], shape[3])
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.spacing == pytest.approx(geometry.spacing)
        if names:
            assert stack.channel_names == names
        np.testing.assert_array_equal(stack.read(y=slice(3, 9))[-1], voxels[-1, 3:9])


def test_channels_as_others_read_them(tmp_path: Path) -> None:
    voxels = volume("u1")[..., None] // np.array([1, 2], np.uint8)
    options: dict[str, Any] = {"channels": 2, "names": ("a", "b")}
    write_tiff_stack(tmp_path / "a.tif", voxels, (5, 37, 41), "u1", StackGeometry(), **options)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.series[0].axes == "ZCYX"
        np.testing.assert_array_equal(tiff.asarray(), voxels.transpose(0, 3, 1, 2))
    write_ome_zarr(tmp_path / "a.zarr", voxels, (5, 37, 41), "u1", StackGeometry(), **options)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], voxels.transpose(3, 0, 1, 2))
    described = dict(group.attrs)["ome"]
    assert [axis["name"] for axis in described["multiscales"][0]["axes"]] == ["c", "z", "y", "x"]
    windows = [channel["window"] for channel in described["omero"]["channels"]]
    assert [window["end"] for window in windows] == [voxels[..., 0].max(), voxels[..., 1].max()]


def test_coarser_levels_of_channels(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).random((2, 260, 258, 2)).astype("f4")
    write_ome_zarr(tmp_path / "a.zarr", voxels, (2, 260, 258), "f4", StackGeometry(), channels=2)
    expected = voxels.reshape(2, 130, 2, 129, 2, 2).mean((2, 4)).transpose(3, 0, 1, 2)
    coarse = zarr.open_group(tmp_path / "a.zarr", mode="r")["1"]
    np.testing.assert_allclose(coarse[...], expected, rtol=1e-4)


def test_nifti_as_nibabel_reads_it(tmp_path: Path) -> None:
    voxels = volume("f4")
    write_nifti(
        tmp_path / "a.nii.gz", voxels, voxels.shape, "f4", StackGeometry((2.0, 0.75, 0.5), "mm", AFFINE)
    )
    image: Any = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), voxels.T)
    np.testing.assert_allclose(image.affine, AFFINE, rtol=1e-6)
    assert image.header.get_xyzt_units()[0] == "mm"


def test_nifti_2_for_long_axes(tmp_path: Path) -> None:
    voxels = volume("u1", (2, 2, 40_000))
    write_nifti(tmp_path / "a.nii", voxels, voxels.shape, "u1", StackGeometry())
    with open_stack(tmp_path / "a.nii") as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
    assert isinstance(nibabel.load(tmp_path / "a.nii"), nibabel.Nifti2Image)


def test_equal_stacks_give_equal_files(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, volume("u1"), (5, 37, 41), "u1", StackGeometry())
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[344:348] == b"n+1\0"


@pytest.mark.parametrize("compression", [Compression.DEFLATE, Compression.ZSTD])
def test_tiff_as_others_read_it(tmp_path: Path, compression: Compression) -> None:
    voxels = volume("f4")
    write_tiff_stack(
        tmp_path / "a.tif",
        voxels,
        voxels.shape,
        "f4",
        StackGeometry((2.0, 0.75, 0.5), "mm"),
        compression=compression,
    )
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.is_bigtiff
        assert tiff.series[0].axes == "ZYX"
        assert len(tiff.pages) == 5
        np.testing.assert_array_equal(tiff.asarray(), voxels)
        assert tiff.pages.first.resolution == pytest.approx((20.0, 40 / 3))
        assert 'PhysicalSizeZ="2.0" PhysicalSizeZUnit="mm"' in tiff.ome_metadata


@pytest.mark.parametrize("version", NgffVersion)
def test_levels_of_ome_zarr(tmp_path: Path, version: NgffVersion) -> None:
    voxels = np.random.default_rng(0).integers(0, 4, (19, 301, 520), np.uint8)
    path = tmp_path / "a.ome.zarr"
    write_ome_zarr(
        path,
        iter(voxels),
        voxels.shape,
        "u1",
        StackGeometry((3.0, 0.5, 0.5), "um"),
        version=version,
        labels=True,
    )
    group = zarr.open_group(path, mode="r")
    assert group.metadata.zarr_format == (2 if version is NgffVersion.V04 else 3)
    for index, factor in enumerate((1, 2, 4)):
        np.testing.assert_array_equal(group[str(index)][...], voxels[:, ::factor, ::factor])
    assert "3" not in group
    attributes = dict(group.attrs)
    scales = attributes.get("ome", attributes)["multiscales"][0]
    assert [axis["unit"] for axis in scales["axes"]] == ["micrometer"] * 3
    assert scales["datasets"][2]["coordinateTransformations"] == [{"type": "scale", "scale": [3.0, 2.0, 2.0]}]
    files = [str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
    assert ("0/1/1/2" if version is NgffVersion.V04 else "0/c/1/1/2") in files


def test_coarser_levels_are_averages(tmp_path: Path) -> None:
    voxels = volume("f4", (2, 300, 258))
    write_ome_zarr(tmp_path / "a.zarr", voxels, voxels.shape, "f4", StackGeometry())
    expected = voxels.astype("f8").reshape(2, 150, 2, 129, 2).mean((2, 4))
    np.testing.assert_allclose(
        zarr.open_group(tmp_path / "a.zarr", mode="r")["1"][...], expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", WRITERS)
def test_canceled_half_way(tmp_path: Path, name: str) -> None:
    """What was there before stays, and nothing is left beside it."""
    old = volume("u1")
    WRITERS[name](tmp_path / name, old, old.shape, "u1", StackGeometry())

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        WRITERS[name](tmp_path / name, volume("u2"), (5, 37, 41), "u2", StackGeometry(), stop)
    assert left(tmp_path) == [name]
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), old)
    WRITERS[name](tmp_path / name, volume("u2"), (5, 37, 41), "u2", StackGeometry())
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), volume("u2"))
    assert left(tmp_path) == [name]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("planes", "error"),
    [
        (volume("u1")[:4], "there are 4 planes, but a stack"),
        (volume("u1", (6, 37, 41)), "there are more planes"),
        (volume("u1")[:, :36], r"plane 0 is uint8 \(36, 41\)"),
        (volume("u2"), "plane 0 is uint16"),
    ],
)
def test_planes_other_than_announced(tmp_path: Path, name: str, planes: AnyArray, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        WRITERS[name](tmp_path / name, planes, (5, 37, 41), "u1", StackGeometry())
    assert left(tmp_path) == []


@pytest.mark.parametrize("name", WRITERS)
def test_planes_are_taken_one_by_one(tmp_path: Path, name: str) -> None:
    """No more planes are asked for than have been written, but for those that fill a chunk."""
    counter = itertools.count(1)
    asked: list[int] = []

    def planes() -> Iterator[AnyArray]:
        for plane in volume("u1", (9, 20, 30)):
            asked.append(next(counter))
            yield plane

    WRITERS[name](
        tmp_path / name, planes(), (9, 20, 30), "u1", StackGeometry(), lambda done, _: asked.append(-done)
    )
    assert asked == [number for index in range(1, 10) for number in (index, -index)]


@pytest.mark.parametrize("name", WRITERS)
def test_truth_values_become_bytes(tmp_path: Path, name: str) -> None:
    mask = volume("u1") > 100
    WRITERS[name](tmp_path / name, mask, mask.shape, bool, StackGeometry())
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), mask.astype(np.uint8))


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError, match="OME-TIFF cannot hold voxels of type float16; convert them to float32"
    ):
        write_tiff_stack(tmp_path / "a.tif", [], (1, 2, 3), "f2", StackGeometry())
    with pytest.raises(SettingError, match="A stack of 0 x 2 x 3 voxels is empty"):
        write_nifti(tmp_path / "a.nii", [], (0, 2, 3), "f4", StackGeometry())
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").touch()
    with pytest.raises(SettingError, match="is not a Zarr folder; choose another name"):
        write_ome_zarr(tmp_path / "holiday", volume("u1"), (5, 37, 41), "u1", StackGeometry())
    assert left(tmp_path / "holiday") == ["beach.jpg"]


def test_attributes_are_json(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "cell.ome.zarr", volume("u1"), (5, 37, 41), "u1", StackGeometry(affine=AFFINE))
    content = json.loads((tmp_path / "cell.ome.zarr" / "zarr.json").read_text())["attributes"]
    assert content["ome"]["multiscales"][0]["name"] == "cell"
    assert content["wholefield"]["affine"][0] == pytest.approx(list(AFFINE[0]))
