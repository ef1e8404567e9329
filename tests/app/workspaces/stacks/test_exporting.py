from pathlib import Path

import pytest

from app.workspaces.stacks.exporting import export, format_of
from engine.errors import SettingError
from engine.runs.control import Abandoned, Control
from engine.runs.reports import PartDone
from engine.runs.stacks.config import StackFormat


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
