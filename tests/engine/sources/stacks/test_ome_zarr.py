import shutil
from pathlib import Path

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
    with pytest.raises(SourceError, match="without an OME image"):
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
