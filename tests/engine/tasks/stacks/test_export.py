"""Exports of stacks: the name decides the format; whole or absent; what a format has no place for is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.export.stacks import write_nifti, write_tiff_stack
from wholefield.runs.control import Control, Discarded
from wholefield.runs.reports import Level, Message, PartDone, Report
from wholefield.sources import open_stack
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.tasks.stacks.export import export_stack
from wholefield.tasks.stacks.output_settings import StackExportSettings, StackFormat

AFFINE = np.array([[0, -0.5, 0, 7], [0.5, 0, 0, -3], [0, 0, 2.0, 11], [0, 0, 0, 1]])


@pytest.fixture
def head(tmp_path: Path) -> StackExportSettings:
    """A head in a NIfTI file that knows where it lies in the patient, to be exported into a folder of its own."""
    voxels = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
    geometry = StackGeometry((2.0, 0.5, 0.5), "mm", AFFINE)
    write_nifti(tmp_path / "head.nii", iter(voxels), voxels.shape, "i2", geometry)
    (tmp_path / "exports").mkdir()
    return StackExportSettings(stack=tmp_path / "head.nii", out=tmp_path / "exports" / "out.tif")


def export(config: StackExportSettings) -> tuple[list[Report], str]:
    reports: list[Report] = []
    return reports, export_stack(config, reports.append, Control()).lost


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.tif", StackFormat.TIFF),
        ("A.TIFF", StackFormat.TIFF),
        ("a.b.nii", StackFormat.NIFTI),
        ("a.nii.gz", StackFormat.NIFTI),
        ("a.ome.zarr", StackFormat.OME_ZARR),
        ("a.zarr", StackFormat.OME_ZARR),
    ],
)
def test_the_ending_tells_the_format(name: str, form: StackFormat) -> None:
    assert StackExportSettings(stack=Path("x"), out=Path(name)).format is form


@pytest.mark.parametrize("name", ["out.tif", "out.nii.gz", "out.ome.zarr"])
def test_a_cancelled_export_leaves_nothing(head: StackExportSettings, name: str) -> None:
    control, told = Control(), []

    def report(item: Report) -> None:
        told.append(item)
        control.discard()

    with pytest.raises(Discarded):
        export_stack(replace(head, out=head.out.with_name(name)), report, control)
    assert isinstance(told[0], PartDone)
    assert list(head.out.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["out.tif", "out.nii.gz", "out.ome.zarr"])
def test_what_a_format_has_no_place_for_is_said_and_kept_for_ourselves(
    head: StackExportSettings, name: str
) -> None:
    config = replace(head, out=head.out.with_name(name))
    reports, lost = export(config)
    said = [report.text for report in reports if isinstance(report, Message) and report.level is Level.INFO]
    if config.format is StackFormat.NIFTI:
        assert (lost, said) == ("", [])
    else:
        assert "no place for orientation and position" in lost
        assert said == [lost]
    with open_stack(config.out) as again, open_stack(config.stack) as first:
        np.testing.assert_array_equal(again.read(), first.read())
        assert again.geometry.affine is not None
        np.testing.assert_allclose(again.geometry.affine, AFFINE, atol=1e-6)
        assert again.geometry.spacing == pytest.approx((2.0, 0.5, 0.5))
        assert again.geometry.unit == "mm"


def test_nothing_is_said_where_nothing_is_lost(head: StackExportSettings, tmp_path: Path) -> None:
    voxels = np.zeros((2, 3, 4), np.uint8)
    write_tiff_stack(
        tmp_path / "a.tif", iter(voxels), voxels.shape, "u1", StackGeometry((2.0, 1.0, 1.0), "um")
    )
    assert export(replace(head, stack=tmp_path / "a.tif"))[1] == ""


def test_nifti_says_that_it_holds_one_channel(head: StackExportSettings, tmp_path: Path) -> None:
    voxels = np.zeros((2, 3, 4, 2), np.uint8)
    write_tiff_stack(tmp_path / "a.tif", iter(voxels), (2, 3, 4), "u1", StackGeometry(), channels=2)
    config = replace(head, stack=tmp_path / "a.tif", out=head.out.with_name("a.nii"))
    with pytest.raises(SettingError, match="but this stack has 2 channels; export it as TIFF or OME-Zarr"):
        export(config)
    assert list(head.out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"out": Path("a.png")}, r"a\.png does not end in \.tif"),
        ({"out": Path("gone") / "a.tif"}, "folder does not exist"),
        ({"stack": Path("absent.tif")}, r"stack names absent\.tif"),
    ],
)
def test_mistakes(head: StackExportSettings, change: dict[str, Any], sentence: str) -> None:
    head.validate()
    with pytest.raises(SettingError, match=sentence):
        replace(head, **change).validate()
    with pytest.raises(SettingError, match="is the stack itself"):
        replace(head, out=head.stack).validate()
