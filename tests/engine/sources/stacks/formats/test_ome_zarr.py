import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from tests.engine.sources.ngff_files import noise, write
from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_image, open_stack
from wholefield.sources.stacks.stack import AnyArray


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx", "tczyx", "zcyx"])
def test_axes_and_versions(tmp_path: Path, version: str, axes: str) -> None:
    lengths = {"t": 2, "c": 3, "z": 4, "y": 31, "x": 27}
    voxels = noise(*(lengths[letter] for letter in axes))
    path = write(tmp_path / "a.ome.zarr", [voxels, voxels[..., ::2, ::2]], axes, version)
    assert kind_of(path) is Kind.STACK
    expected: AnyArray = voxels[0] if "t" in axes else voxels
    kept = axes.replace("t", "")
    expected = expected.transpose([kept.index(letter) for letter in "zyxc" if letter in kept])
    with open_stack(path) as stack:
        assert (stack.shape, stack.channels) == ((4, 31, 27), 3 if "c" in axes else 1)
        # The scale of the level times that of the image.
        assert stack.geometry.spacing == pytest.approx((1.0, 0.5, 0.25))
        assert stack.geometry.unit == "um"
        np.testing.assert_array_equal(stack.read(), expected)
        np.testing.assert_array_equal(
            stack.read(slice(1, 3), slice(5, 30), slice(2, 9)), expected[1:3, 5:30, 2:9]
        )
        np.testing.assert_array_equal(stack.plane(1, 30), expected[:, 30])
        assert stack.times == (2 if "t" in axes else 1)
        assert bool(stack.warnings) == ("t" in axes)
        with stack.at_time(stack.times - 1) as last:
            every = voxels[-1] if "t" in axes else voxels
            np.testing.assert_array_equal(
                last.read(), every.transpose([kept.index(letter) for letter in "zyxc" if letter in kept])
            )


@pytest.mark.parametrize(
    ("unit", "spacing", "shown"),
    [
        ("millimeter", (1, 0.5, 0.25), "mm"),
        ("nanometer", (1e-3, 5e-4, 2.5e-4), "um"),
        ("meter", (1e3, 5e2, 2.5e2), "mm"),
        (None, (1, 0.5, 0.25), ""),
    ],
)
def test_units(tmp_path: Path, unit: str | None, spacing: tuple[float, ...], shown: str) -> None:
    with open_stack(write(tmp_path / "a.zarr", [noise(3, 20, 30)], "zyx", unit=unit)) as stack:
        assert stack.geometry.spacing == pytest.approx(spacing)
        assert stack.geometry.unit == shown


def test_zipped_and_in_a_subgroup(tmp_path: Path) -> None:
    voxels = noise(3, 20, 30)
    folder = write(tmp_path / "a.zarr", [voxels], "zyx", inside="0")
    zipped = Path(shutil.make_archive(str(tmp_path / "a.zarr"), "zip", folder))
    for path in (folder, zipped):
        assert kind_of(path) is Kind.STACK
        with open_stack(path) as stack:
            np.testing.assert_array_equal(stack.read(), voxels)


def test_one_plane_is_an_image(tmp_path: Path) -> None:
    for name, axes, shape in (("a", "zyx", (1, 20, 30)), ("b", "cyx", (3, 20, 30)), ("c", "yx", (20, 30))):
        path = write(tmp_path / name, [noise(*shape)], axes)
        assert kind_of(path) is Kind.IMAGE
        with open_image(path) as image, open_stack(path) as stack:
            assert (stack.shape[1:], stack.channels) == ((image.height, image.width), image.channels)


def test_zarr_without_an_image(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(SourceError, match="without an OME image or an array"):
        open_stack(tmp_path / "a.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_damaged_chunk_is_told_when_it_is_read(tmp_path: Path, version: str) -> None:
    path = write(tmp_path / "a.zarr", [noise(3, 20, 50)], "zyx", version)
    chunks = sorted(file for file in path.rglob("*") if file.is_file() and file.name[0].isdigit())
    chunks[-1].write_bytes(b"damaged")
    with open_stack(path) as stack, pytest.raises(SourceError, match=r"a.zarr is damaged .*; copy it again"):
        stack.read()


def test_metadata_that_make_no_sense(tmp_path: Path) -> None:
    for name, content in (
        ("a", '{"multiscales": [{}]}'),
        ("b", '{"multiscales": 3}'),
        ("c", "{"),
        ("d", "[]"),
    ):
        path = write(tmp_path / name, [noise(3, 20, 30)], "zyx")
        (path / ".zattrs").write_text(content)
        kind_of(path)
        with pytest.raises(SourceError, match=str(path)):
            open_stack(path)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", ["wholefield", "tessera"])
def test_an_affine_of_our_own_under_the_new_and_the_old_name(tmp_path: Path, name: str, version: str) -> None:
    path = write(tmp_path / "a.zarr", [noise(3, 20, 30)], "zyx", version)
    affine = np.arange(16.0).reshape(4, 4)
    zarr.open_group(path, mode="r+").attrs.update({name: {"affine": affine.tolist()}})
    with open_stack(path) as stack:
        assert stack.geometry.affine is not None
        np.testing.assert_array_equal(stack.geometry.affine, affine)


def described(path: Path, axes: list[Any], shape: tuple[int, ...], **more: Any) -> AnyArray:
    """An image whose axes are described by hand."""
    voxels = noise(*shape)
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", data=voxels, chunks=shape)
    scale = [{"type": "scale", "scale": [1.0] * (len(shape) - 3) + [2.0, 0.5, 0.5]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets} | more]
    return voxels


def space(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "type": "space", "unit": "micrometer"} for name in names]


@pytest.mark.parametrize(
    ("axes", "letters"),
    [
        ([{"name": "channel", "type": "channel"}, *space("z", "y", "x")], "czyx"),
        ([{"name": "kinetics", "type": "time"}, *space("Z", "Y", "X")], "tzyx"),
        ([{"name": "Time"}, {"name": "Z"}, {"name": "Y"}, {"name": "X"}], "tzyx"),
        ([{"name": "t", "type": "channel"}, *space("depth", "row", "column")], "czyx"),
        ([{"name": "stain", "type": "channel"}, *space("along", "down", "right")], "czyx"),
        (["T", "Z", "Y", "X"], "tzyx"),
        (["C", *space("z", "y", "x")], "czyx"),
    ],
)
def test_the_type_of_an_axis_decides_and_its_case_does_not(
    tmp_path: Path, axes: list[Any], letters: str
) -> None:
    voxels = described(tmp_path / "a.zarr", axes, (2, 4, 16, 18))
    assert kind_of(tmp_path / "a.zarr") is Kind.STACK
    with open_stack(tmp_path / "a.zarr") as stack:
        assert stack.shape == (4, 16, 18)
        assert (stack.times, stack.channels) == ((2, 1) if letters[0] == "t" else (1, 2))
        if letters[0] == "t":
            with stack.at_time(1) as other:
                np.testing.assert_array_equal(other.read(), voxels[1])
        else:
            np.testing.assert_array_equal(stack.read(), np.moveaxis(voxels, 0, 3))


def test_an_axis_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    voxels = described(tmp_path / "a.zarr", [{"name": "angle"}, *space("z", "y", "x")], (3, 4, 16, 18))
    with open_stack(tmp_path / "a.zarr") as stack:
        np.testing.assert_array_equal(stack.read(), voxels[0])
        assert stack.warnings == ("The file has a further axis of 3 positions; only the first is read.",)


def test_a_scale_of_too_few_numbers_is_told_and_not_used(tmp_path: Path) -> None:
    short = [{"type": "scale", "scale": [1.0, 0.5]}]
    voxels = described(
        tmp_path / "a.zarr", space("z", "y", "x"), (4, 16, 18), coordinateTransformations=short
    )
    with open_stack(tmp_path / "a.zarr") as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.spacing is None
        assert any("not one number for each axis" in warning for warning in stack.warnings)
    with open_stack(tmp_path / "a.zarr", reading="spacing=2,0.5,0.5 um") as stack:
        assert stack.geometry.spacing == (2, 0.5, 0.5)


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return path


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (b'{"multiscales": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b" " * (2**24 + 1) + b"{}", "larger than any JSON of a Zarr"),
    ],
)
def test_json_that_would_take_the_memory(tmp_path: Path, member: bytes, said: str) -> None:
    zgroup = b'{"zarr_format": 2}'
    path = archive(tmp_path / "a.ome.zarr.zip", _zgroup=zgroup, _zattrs=member)
    with pytest.raises(SourceError, match=said):
        open_stack(path)
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    (folder / ".zgroup").write_bytes(zgroup)
    (folder / ".zattrs").write_bytes(member)
    with pytest.raises(SourceError, match=said):
        open_stack(folder)


@pytest.mark.parametrize("damage", ["signature", "data"])
def test_a_damaged_zip_file_is_told(tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path / "a.zarr", [noise(3, 20, 30)], "zyx")
    path = Path(shutil.make_archive(str(tmp_path / "a.zarr"), "zip", folder))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        for entry in file.infolist():
            if entry.filename.split("/")[-1][:1].isdigit():
                place = entry.header_offset + (0 if damage == "signature" else 40 + len(entry.filename))
                content[place : place + 12] = b"\xff" * 12
    path.write_bytes(content)
    with pytest.raises(SourceError, match="is damaged"), open_stack(path) as stack:
        stack.read()
