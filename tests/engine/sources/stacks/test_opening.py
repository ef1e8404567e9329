"""Every container of a stack opens to the same array, and no damage goes unnoticed or unexplained."""

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import h5py
import nrrd
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.stacks.dicom.dicom_files import write_series
from wholefield.errors import SourceError
from wholefield.export.stacks import NgffVersion, write_nifti, write_ome_zarr, write_tiff_stack
from wholefield.sources import (
    Kind,
    StackGeometry,
    kind_of,
    list_datasets,
    open_stack,
)
from wholefield.sources.stacks.stack import AnyArray

SHAPE = (7, 33, 45)
GEOMETRY = StackGeometry((2.0, 0.5, 0.5), "mm")


def volume(shape: tuple[int, int, int] = SHAPE) -> AnyArray:
    return np.random.default_rng(5).integers(-900, 900, shape).astype(np.int16)


def folder_of_slices(path: Path) -> None:
    path.mkdir()
    for index, plane in enumerate(volume()):
        tifffile.imwrite(path / f"slice {index + 7}.tif", plane)


def meta_image(path: Path) -> None:
    header = "NDims = 3\nDimSize = 45 33 7\nElementSpacing = 0.5 0.5 2\nElementType = MET_SHORT\n"
    path.write_bytes(header.encode() + b"ElementDataFile = LOCAL\n" + volume().astype("<i2").tobytes())


def nrrd_file(path: Path) -> None:
    nrrd.write(str(path), volume(), {"encoding": "gzip"}, index_order="C")


def hdf5_file(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("entry/volume", data=volume(), chunks=(2, 16, 16), compression="gzip")


CONTAINERS: dict[str, Callable[[Path], object]] = {
    "a.tif": lambda path: write_tiff_stack(path, volume(), SHAPE, "i2", GEOMETRY),
    "plain.tif": lambda path: tifffile.imwrite(path, volume(), metadata=None, photometric="minisblack"),
    "folder": folder_of_slices,
    "dicom": lambda path: write_series(path, volume()),
    "a.nii": lambda path: write_nifti(path, volume(), SHAPE, "i2", GEOMETRY),
    "a.nii.gz": lambda path: write_nifti(path, volume(), SHAPE, "i2", GEOMETRY),
    "a.mha": meta_image,
    "a.nrrd": nrrd_file,
    "a.h5": hdf5_file,
    "a.zarr": lambda path: write_ome_zarr(path, volume(), SHAPE, "i2", GEOMETRY, version=NgffVersion.V04),
    "b.zarr": lambda path: write_ome_zarr(path, volume(), SHAPE, "i2", GEOMETRY, version=NgffVersion.V05),
}
FILES = [name for name in CONTAINERS if "." in name and not name.endswith("zarr")]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_holds_the_same(tmp_path: Path, name: str) -> None:
    CONTAINERS[name](tmp_path / name)
    assert kind_of(tmp_path / name) is Kind.STACK
    voxels = volume()
    with open_stack(str(tmp_path / name)) as stack:
        assert (stack.shape, stack.channels, stack.dtype) == (SHAPE, 1, np.dtype(np.int16))
        assert stack.dtype.isnative
        assert stack.name == name
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(
            stack.read(slice(2, 5), slice(7, 30), slice(-20, None)), voxels[2:5, 7:30, -20:]
        )
        for axis in range(3):
            np.testing.assert_array_equal(stack.plane(axis, 6), voxels.take(6, axis))
        copy = stack.read(slice(0, 1))
        copy[:] = 0
        np.testing.assert_array_equal(stack.plane(0, 0), voxels[0])
    with pytest.raises(SourceError, match=f"{name} has been closed"):
        stack.read()
    stack.close()


@pytest.mark.parametrize("name", CONTAINERS)
def test_several_threads(tmp_path: Path, name: str) -> None:
    CONTAINERS[name](tmp_path / name)
    voxels, wrong = volume(), []
    with open_stack(tmp_path / name) as stack:

        def read(seed: int) -> None:
            for z, y in np.random.default_rng(seed).integers(0, 7, (20, 2)).tolist():
                if not np.array_equal(
                    stack.read(slice(z, z + 2), slice(y, y + 9)), voxels[z : z + 2, y : y + 9]
                ):
                    wrong.append((z, y))

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def read_or_refuse(path: Path) -> AnyArray | None:
    """The voxels of a damaged file, or None if it was refused with a sentence that names it."""
    try:
        with open_stack(path) as stack:
            values = stack.read()
            shape = stack.shape
    except SourceError as error:
        sentence = str(error)
    else:
        assert values.shape[:3] == shape
        return values
    assert path.name in sentence
    assert "\n" not in sentence
    return None


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.995))
def test_cut_off_files_are_refused(tmp_path: Path, name: str, share: float) -> None:
    """No voxel may be made up or left out; an OME-TIFF ends with its description, without which it is still right."""
    path = tmp_path / name
    CONTAINERS[name](path)
    os.truncate(path, int(path.stat().st_size * share))
    values = read_or_refuse(path)
    if values is not None:
        assert name == "a.tif"
        np.testing.assert_array_equal(values, volume())


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), value=st.integers(0, 255), early=st.booleans())
def test_changed_bytes_give_a_stack_or_a_sentence(
    tmp_path: Path, name: str, place: float, value: int, early: bool
) -> None:
    path = tmp_path / name
    CONTAINERS[name](path)
    content = bytearray(path.read_bytes())
    # Half of the changes hit the header.
    content[int(place * (min(len(content), 400) - 1 if early else len(content) - 1))] = value
    path.write_bytes(content)
    values = read_or_refuse(path)
    assert values is None or values.size < 10 * volume().size


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=600),
    name=st.sampled_from(["a.tif", "a.nii.gz", "a.mha", "a.nrrd", "a.h5", "a.dcm"]),
)
def test_nonsense_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_or_refuse(path) is None
    kind_of(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; copy it again"),
        (b"hello", "is named like MetaImage and does not begin like it; it is damaged"),
        (b"\x89PNG\r\n\x1a\n", "is a single picture \\(PNG\\); open its folder as a stack"),
        (
            gzip.compress(b"no nifti", mtime=0),
            "is a gzip-compressed file other than NIfTI, which cannot be opened here; unpack",
        ),
    ],
)
def test_what_is_no_stack(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "a.mha").write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        open_stack(tmp_path / "a.mha")


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist; check the name"):
        open_stack(tmp_path / "a.tif")
    with pytest.raises(SourceError, match="is an empty folder"):
        open_stack(tmp_path)
    with pytest.raises(SourceError, match="does not exist"):
        list_datasets(tmp_path / "a.h5")


def test_a_dataset_of_a_file_that_has_none(tmp_path: Path) -> None:
    meta_image(tmp_path / "a.mha")
    assert list_datasets(tmp_path / "a.mha") == ()
    with pytest.raises(
        SourceError, match="is not read by a setting called dataset; it can be given time, spacing"
    ):
        open_stack(tmp_path / "a.mha", "x")


@pytest.mark.data
def test_the_seven_containers_of_one_real_volume(data_folder: Path) -> None:
    folder = data_folder / "stacks" / "formats"
    names = ["stack.tif", "tiff_folder", "vol.h5", "vol.mha", "vol.nii.gz", "vol.nrrd", "vol_v05.ome.zarr"]
    arrays = []
    for name in names:
        assert kind_of(folder / name) is Kind.STACK
        with open_stack(folder / name) as stack:
            arrays.append(stack.read())
            assert stack.warnings == ()
            if name.startswith("vol") and not name.endswith("h5"):
                assert stack.geometry.unit == "mm"
                assert stack.geometry.spacing == pytest.approx((4.22, 0.4882812, 0.4882812))
            if name in ("vol.mha", "vol.nii.gz", "vol.nrrd"):
                assert stack.geometry.affine is not None
                np.testing.assert_allclose(
                    stack.geometry.affine, np.diag([-0.4882812, -0.4882812, 4.22, 1.0]), rtol=1e-6
                )
    assert arrays[0].shape == (12, 256, 256)
    assert arrays[0].std() > 100
    for array in arrays[1:]:
        np.testing.assert_array_equal(array, arrays[0])
