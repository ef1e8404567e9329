from pathlib import Path

import numpy as np
import pytest

from app.workspaces.stacks.exporting import export, format_of
from engine.errors import SettingError
from engine.export.stacks import write_nifti
from engine.runs.control import Abandoned, Control
from engine.runs.reports import PartDone
from engine.runs.stacks.config import StackFormat
from engine.sources import open_stack
from engine.sources.stack import StackGeometry


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.tif", StackFormat.TIFF),
        ("A.TIFF", StackFormat.TIFF),
        ("a.b.nii", StackFormat.NIFTI),
        ("a.nii.gz", StackFormat.NIFTI),
        ("a.ome.zarr", StackFormat.OME_ZARR),
    ],
)
def test_the_ending_tells_the_format(name: str, kind: StackFormat) -> None:
    assert format_of(Path(name)) is kind


@pytest.mark.parametrize("name", ["out.tif", "out.nii.gz", "out.ome.zarr"])
def test_a_cancelled_export_leaves_nothing(make_stack, tmp_path: Path, name: str) -> None:
    stack, control, told = make_stack("a.tif"), Control(), []
    folder = tmp_path / "exports"
    folder.mkdir()

    def report(part: PartDone) -> None:
        told.append(part)
        control.abandon()

    with pytest.raises(Abandoned):
        export(stack, None, folder / name, format_of(Path(name)), False, report, control)
    assert told
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_named(make_stack, tmp_path: Path) -> None:
    gone = tmp_path / "gone" / "out.tif"
    with pytest.raises(SettingError, match=r"gone.*cannot be written"):
        export(make_stack("a.tif"), None, gone, StackFormat.TIFF, False, lambda part: None, Control())


@pytest.mark.parametrize("name", ["out.tif", "out.nii.gz", "out.ome.zarr"])
def test_what_a_format_has_no_place_for_is_said_and_kept_for_ourselves(tmp_path: Path, name: str) -> None:
    affine = np.array([[0, -0.5, 0, 7], [0.5, 0, 0, -3], [0, 0, 2.0, 11], [0, 0, 0, 1]])
    geometry = StackGeometry((2.0, 0.5, 0.5), "mm", affine)
    voxels = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
    write_nifti(tmp_path / "head.nii", iter(voxels), voxels.shape, "i2", geometry)
    kind = format_of(Path(name))
    done = export(tmp_path / "head.nii", None, tmp_path / name, kind, False, lambda part: None, Control())
    assert done.path == tmp_path / name
    assert ("no place for orientation and position" in done.lost) == (kind is not StackFormat.NIFTI)
    with open_stack(tmp_path / name) as again:
        np.testing.assert_allclose(again.geometry.affine, affine, atol=1e-6)
        assert again.geometry.spacing == pytest.approx((2.0, 0.5, 0.5))
        assert again.geometry.unit == "mm"


def test_nothing_is_said_where_nothing_is_lost(make_stack, tmp_path: Path) -> None:
    done = export(
        make_stack("a.tif"), None, tmp_path / "b.tif", StackFormat.TIFF, False, lambda part: None, Control()
    )
    assert done.lost == ""
