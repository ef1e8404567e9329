"""NIfTI: kinds, scales, units, colors, and which space counts."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests.engine.sources.stacks.volumes import TURN, refusal, volume
from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_stack
from wholefield.sources.stacks.nifti import open_nifti


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.nii", nibabel.Nifti1Image),
        ("a.nii.gz", nibabel.Nifti1Image),
        ("a.nii", nibabel.Nifti2Image),
        ("a.nii.gz", nibabel.Nifti2Image),
        ("a.hdr", nibabel.Nifti1Pair),
    ],
)
@pytest.mark.parametrize("dtype", ["<i2", ">i2", ">f8"])
def test_kinds_of_nifti(tmp_path: Path, name: str, kind: Any, dtype: str) -> None:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = TURN.T * [0.5, 0.75, 2.0], [1, 2, 3]
    voxels = volume(dtype=dtype)
    header = kind.header_class(endianness=dtype[0])
    header.set_data_dtype(voxels.dtype)
    nibabel.save(kind(voxels.T, affine, header), tmp_path / name)
    assert kind_of(tmp_path / name) is Kind.STACK
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine, affine, rtol=1e-6)
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))


@pytest.mark.parametrize(("dtype", "read"), [("i2", "f4"), ("i4", "f8"), ("f4", "f4")])
def test_scaled_nifti(tmp_path: Path, dtype: str, read: str) -> None:
    image = nibabel.Nifti1Image(volume(dtype=dtype).T, np.eye(4))
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "a.nii")
    stored: Any = nibabel.load(tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert stack.dtype == np.dtype(read)
        np.testing.assert_allclose(stack.read(), np.asarray(stored.dataobj).T, rtol=1e-6)


def test_nifti_of_many_volumes_and_of_one_slice(tmp_path: Path) -> None:
    four = volume(6, 5, 4, 3)
    nibabel.save(nibabel.Nifti1Image(four, np.eye(4)), tmp_path / "a.nii.gz")
    with open_stack(tmp_path / "a.nii.gz") as stack:
        np.testing.assert_array_equal(stack.read(), four[..., 0].T)
        assert stack.warnings == ("The file holds 3 volumes; only the first of them is shown.",)
    nibabel.save(nibabel.Nifti1Image(volume(6, 5), np.eye(4)), tmp_path / "b.nii")
    with open_stack(tmp_path / "b.nii") as stack:
        np.testing.assert_array_equal(stack.read(), volume(6, 5).T[None])


def test_nifti_in_color(tmp_path: Path) -> None:
    color = volume(4, 5, 6, 3, dtype="u1")
    pixels = color.transpose(2, 1, 0, 3).copy().view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nibabel.save(nibabel.Nifti1Image(pixels, np.eye(4)), tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert stack.channels == 3
        np.testing.assert_array_equal(stack.read(), color)


def test_complex_nifti_is_refused(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(volume().astype("c8"), np.eye(4)), tmp_path / "a.nii")
    assert "voxels of type complex64; save it with integer or floating-point voxels" in refusal(
        tmp_path / "a.nii"
    )


def written(path: Path, unit: str, code: int, zooms: tuple[float, float, float] = (0.5, 0.75, 2.0)) -> Path:
    """A volume of 4 x 5 x 6 voxels whose header has a unit, a code of its space, and zooms."""
    affine = np.diag([*zooms, 1.0])
    affine[:3, 3] = 1, 2, 3
    image = nibabel.Nifti1Image(volume().T, affine)
    image.header.set_xyzt_units(unit)
    image.set_sform(affine, code)
    image.set_qform(affine, code)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm", 1.0), ("unknown", 1.0), ("meter", 1e3), ("micron", 1e-3)]
)
def test_the_affine_of_a_patient_is_in_mm_whatever_the_unit(tmp_path: Path, unit: str, factor: float) -> None:
    with open_stack(written(tmp_path / "a.nii", unit, 1)) as stack:
        assert stack.geometry.unit == "mm"
        assert stack.geometry.spacing == pytest.approx((2 * factor, 0.75 * factor, 0.5 * factor))
        assert stack.geometry.affine is not None
        place = np.array([1 + 3 * 0.5, 2 + 2 * 0.75, 3 + 1 * 2]) * factor
        np.testing.assert_allclose(stack.geometry.affine @ [3, 2, 1, 1], [*place, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("unit", "factor", "said"),
    [("mm", 1, "mm"), ("meter", 1e3, "mm"), ("micron", 1, "um"), ("unknown", 1, "")],
)
def test_without_a_space_the_zooms_count_in_their_own_unit(
    tmp_path: Path, unit: str, factor: float, said: str
) -> None:
    with open_stack(written(tmp_path / "a.nii", unit, 0)) as stack:
        assert stack.geometry.affine is None
        assert stack.geometry.spacing == pytest.approx((2 * factor, 0.75 * factor, 0.5 * factor))
        assert stack.geometry.unit == said


def test_zooms_of_one_in_no_unit_say_nothing(tmp_path: Path) -> None:
    with open_stack(written(tmp_path / "a.nii", "unknown", 0, (1.0, 1.0, 1.0))) as stack:
        assert stack.geometry.spacing is None
    with open_stack(written(tmp_path / "b.nii", "mm", 0, (1.0, 1.0, 1.0))) as stack:
        assert stack.geometry.spacing == (1.0, 1.0, 1.0)


def test_window_and_text_of_nifti(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(volume().T, np.eye(4))
    image.header["cal_min"], image.header["cal_max"] = -20, 90
    image.header["descrip"], image.header["aux_file"] = b"a head", b""
    nibabel.save(image, tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert stack.window == (-20.0, 90.0)
        assert stack.metadata == {"descrip": "a head"}
    image.header["cal_min"] = image.header["cal_max"]
    nibabel.save(image, tmp_path / "b.nii")
    with open_stack(tmp_path / "b.nii") as stack:
        assert stack.window is None


def test_what_is_no_nifti_or_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(b"\0" * 400)
    with pytest.raises(SourceError, match=r"a\.nii cannot be read as NIfTI \(.+\); copy it again"):
        open_nifti(tmp_path / "a.nii")
    whole = written(tmp_path / "b.nii", "mm", 1)
    whole.write_bytes(whole.read_bytes()[:-7])
    assert "is cut off: 7 bytes are missing at its end" in refusal(whole)
