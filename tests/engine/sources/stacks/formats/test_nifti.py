"""NIfTI: kinds, scales, units, colors, and which space counts."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests.engine.sources.stacks.volumes import TURN, refusal, volume
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, kind_of, open_stack
from wholefield.sources.stacks.formats.analyze import is_analyze, open_analyze
from wholefield.sources.stacks.formats.nifti import open_nifti


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
        assert stack.times == 3
        with stack.at_time(2) as last:
            np.testing.assert_array_equal(last.read(), four[..., 2].T)
    with open_nifti(tmp_path / "a.nii.gz", Reading({"time": "1"})) as stack:
        np.testing.assert_array_equal(stack.read(), four[..., 1].T)
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


def test_five_dimensions_are_times_and_channels(tmp_path: Path) -> None:
    voxels = volume(2, 3, 4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(voxels.T, np.eye(4)), tmp_path / "a.nii")
    with open_stack(tmp_path / "a.nii") as stack:
        assert (stack.times, stack.channels, stack.shape) == (3, 2, (4, 5, 6))
        for time in range(3):
            with stack.at_time(time) as other:
                np.testing.assert_array_equal(other.read(), np.moveaxis(voxels[:, time], 0, 3))
    with pytest.raises(SourceError, match=r"has 3 times, counted from 0, and none called 3"):
        open_nifti(tmp_path / "a.nii", Reading({"time": "3"}))


@pytest.mark.parametrize(("plain", "name"), [(True, "a.nii.gz"), (False, "a.nii")])
def test_gzip_is_told_by_the_content(tmp_path: Path, plain: bool, name: str) -> None:
    nibabel.save(nibabel.Nifti1Image(volume().T, np.eye(4)), tmp_path / ("b.nii" if plain else "b.nii.gz"))
    (tmp_path / ("b.nii" if plain else "b.nii.gz")).rename(tmp_path / name)
    with open_stack(tmp_path / name) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize("slope", [np.nan, np.inf, 0.0])
def test_a_slope_that_is_none_keeps_the_stored_numbers(tmp_path: Path, slope: float) -> None:
    path = written(tmp_path / "a.nii", "mm", 1)
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([slope, np.nan], "<f4").tobytes()
    path.write_bytes(data)
    with open_stack(path) as stack:
        assert stack.dtype == np.int16
        np.testing.assert_array_equal(stack.read(), volume())


def test_a_spacing_below_zero_is_a_length(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", "mm", 0)
    data = bytearray(path.read_bytes())
    data[80:92] = np.array([-2, 3, -4], "<f4").tobytes()
    path.write_bytes(data)
    with open_stack(path) as stack:
        assert stack.geometry.spacing == (4, 3, 2)


def test_a_space_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", "mm", 1)
    data = bytearray(path.read_bytes())
    data[252:256] = np.array([1, 0], "<i2").tobytes()  # qform alone
    data[256:268] = np.array([5, 5, 5], "<f4").tobytes()
    path.write_bytes(data)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        assert any("Where the voxels lie in the patient is not known" in each for each in stack.warnings)


@pytest.mark.parametrize("lengths", [(-1, 5, 4), (6, 5, 0), (32767, 32767, 32767)])
def test_sizes_that_cannot_be(tmp_path: Path, lengths: tuple[int, int, int]) -> None:
    path = written(tmp_path / "a.nii", "mm", 1)
    data = bytearray(path.read_bytes())
    data[42:48] = np.array(lengths, "<i2").tobytes()
    path.write_bytes(data)
    assert "holds no voxels" in refusal(path) or "is cut off" in refusal(path)


@pytest.mark.parametrize("opened", [".hdr", ".img"])
@pytest.mark.parametrize("order", "<>")
def test_analyze(tmp_path: Path, opened: str, order: str) -> None:
    voxels = volume(3, 4, 5, 6, dtype=f"{order}i2")
    header = nibabel.AnalyzeHeader(endianness=order)
    header.set_data_dtype(voxels.dtype)
    image = nibabel.AnalyzeImage(voxels.T, None, header)
    image.header.set_zooms((0.5, 0.75, 2, 1))
    nibabel.save(image, tmp_path / "a.hdr")
    path = tmp_path / f"a{opened}"
    assert is_analyze(path)
    with open_analyze(path) as stack:
        assert (stack.format_name, stack.times, stack.shape) == ("Analyze", 3, (4, 5, 6))
        assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
        assert stack.geometry.affine is None
        assert any("which side is left" in warning for warning in stack.warnings)
        for time in range(3):
            with stack.at_time(time) as other:
                np.testing.assert_array_equal(other.read(), voxels[time])


def test_analyze_with_the_factor_of_spm(tmp_path: Path) -> None:
    image = nibabel.Spm99AnalyzeImage(volume().T, np.eye(4))
    image.header.set_slope_inter(0.25)
    nibabel.save(image, tmp_path / "a.hdr")
    with open_analyze(tmp_path / "a.hdr") as stack:
        expected = np.asarray(nibabel.load(tmp_path / "a.hdr").dataobj).T
        np.testing.assert_allclose(stack.read(), expected, rtol=1e-6)
        assert any("multiplied by" in warning for warning in stack.warnings)


def test_half_a_pair_is_told(tmp_path: Path) -> None:
    nibabel.save(nibabel.AnalyzeImage(volume().T, None), tmp_path / "a.hdr")
    (tmp_path / "a.img").unlink()
    with pytest.raises(SourceError, match=r"needs a\.img, which is missing"):
        open_analyze(tmp_path / "a.hdr")
    (tmp_path / "b.img").write_bytes(b"x" * 400)
    assert not is_analyze(tmp_path / "b.img")
