"""Labels of other programs: names, colors and values of masks, segments and label images."""

from pathlib import Path
from typing import Any

import h5py
import nibabel
import nrrd
import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.labels import LabelClasses, VoxelLabels
from wholefield.labels.voxel_import import ImportedVoxels, read_voxels
from wholefield.labels.voxel_store import VoxelStore

SHAPE = (35, 20, 40)


def mask(values: tuple[int, ...] = (0, 0, 1, 2), dtype: str = "u1") -> np.ndarray:
    return np.random.default_rng(1).choice(values, SHAPE).astype(dtype)


def whole(found: ImportedVoxels) -> np.ndarray:
    return found.labels.region((slice(0, 35), slice(0, 20), slice(0, 40)))


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4"])
def test_masks_of_any_type(tmp_path: Path, dtype: str) -> None:
    values = mask(dtype=dtype)
    tifffile.imwrite(tmp_path / "mask.tif", values, photometric="minisblack")
    found = read_voxels(tmp_path / "mask.tif", SHAPE)
    np.testing.assert_array_equal(whole(found), values)
    assert found.classes.names == ("Label 1", "Label 2")
    assert not found.labels.history.can_undo


def test_nifti_with_large_values_and_holes(tmp_path: Path) -> None:
    values = mask((0, 1001, 2035), "f4")
    values[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(values.T, np.eye(4)), tmp_path / "atlas.nii.gz")
    found = read_voxels(tmp_path / "atlas.nii.gz", SHAPE)
    assert found.classes.names == ("Label 1001", "Label 2035")
    expected = np.where(values == 1001, 1, np.where(values == 2035, 2, 0))
    np.testing.assert_array_equal(whole(found), expected)


def test_an_export_of_ilastik(tmp_path: Path) -> None:
    values = mask()
    with h5py.File(tmp_path / "ilastik.h5", "w") as file:
        data = file.create_dataset("exported_data", data=values[None, ..., None])
        data.attrs["axistags"] = (
            '{"axes": [' + ", ".join(f'{{"key": "{k}", "typeFlags": 2}}' for k in "tzyxc") + "]}"
        )
    found = read_voxels(tmp_path / "ilastik.h5", SHAPE)
    np.testing.assert_array_equal(whole(found), values)


def segments(path: Path, values: np.ndarray, layers: bool) -> None:
    header: dict[str, Any] = {"space": "left-posterior-superior"}
    directions = np.eye(3)
    if layers:
        header |= {"kinds": ["list", "domain", "domain", "domain"]}
        directions = np.vstack([np.full((1, 3), np.nan), directions])
    header |= {"space directions": directions, "space origin": np.zeros(3)}
    for number, name in enumerate(("Bone", "Vessel")):
        header |= {
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": "1" if layers else str(number + 1),
            f"Segment{number}_Layer": str(number if layers else 0),
            f"Segment{number}_Color": "1 0.5 0" if number else "0 0 1",
        }
    nrrd.write(str(path), values, header)


def test_segments_of_slicer(tmp_path: Path) -> None:
    values = mask()
    segments(tmp_path / "a.seg.nrrd", values.T, layers=False)
    found = read_voxels(tmp_path / "a.seg.nrrd", SHAPE)
    np.testing.assert_array_equal(whole(found), values)
    assert [(each.name, each.color) for each in found.classes] == [
        ("Bone", (0, 0, 255)),
        ("Vessel", (255, 128, 0)),
    ]


def test_segments_in_layers(tmp_path: Path) -> None:
    first, second = mask((0, 1)), np.roll(mask((0, 0, 1)), 5)
    segments(tmp_path / "b.seg.nrrd", np.stack([first.T, second.T]), layers=True)
    found = read_voxels(tmp_path / "b.seg.nrrd", SHAPE)
    np.testing.assert_array_equal(whole(found), np.where(second, 2, first))
    assert found.classes.names == ("Bone", "Vessel")


def test_label_ome_zarr(tmp_path: Path) -> None:
    labels, classes = VoxelLabels(SHAPE), LabelClasses()
    classes.add("Cell", (9, 8, 7))
    labels.paint((slice(0, 35), slice(0, 20), slice(0, 40)), mask() == 1, 1)
    VoxelStore(tmp_path / "x.labels.zarr").save(labels, classes)
    found = read_voxels(tmp_path / "x.labels.zarr", SHAPE)
    assert [(each.name, each.color) for each in found.classes] == [("Cell", (9, 8, 7))]
    np.testing.assert_array_equal(whole(found) == 1, mask() == 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (mask(dtype="f4") / 2, "whole numbers"),
        (mask((0, -1), "i2"), "from 0 on"),
        (np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE), "more than 255 values"),
        (mask()[:5], "the stack has"),
        (mask()[:, None].repeat(2, 1), "channels"),
    ],
)
def test_what_holds_no_labels_is_refused(tmp_path: Path, values: np.ndarray, reason: str) -> None:
    axes = "ZCYX" if values.ndim == 4 else "ZYX"
    tifffile.imwrite(
        tmp_path / "a.ome.tif", values, photometric="minisblack", metadata={"axes": axes}, ome=True
    )
    with pytest.raises(SourceError, match=reason):
        read_voxels(tmp_path / "a.ome.tif", SHAPE)
