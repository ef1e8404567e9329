import re
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from tests.engine.sources.stacks.dicom.dicom_files import dataset, layout_of, saved, write_series
from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_image, open_stack
from wholefield.sources.stacks.dicom.values import values_dtype
from wholefield.sources.stacks.stack import AnyArray


def volume(dtype: str = "i2", depth: int = 6) -> AnyArray:
    low = -900 if dtype[0] == "i" else 0
    return np.random.default_rng(1).integers(low, 900, (depth, 9, 12)).astype(dtype)


def test_slices_are_sorted_by_position(tmp_path: Path) -> None:
    voxels = volume()
    # The numbers run against the positions, and the names are in another order again.
    with open_stack(write_series(tmp_path, voxels, step=(0, 0, -2))) as stack:
        np.testing.assert_array_equal(stack.read(), voxels[::-1])
        assert stack.geometry.spacing == pytest.approx((2, 0.5, 0.25))
        assert stack.warnings == ()


def test_the_affine_leads_to_the_patient(tmp_path: Path) -> None:
    """DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1; then left and posterior change sign."""
    along, down = np.array([0.8, 0.0, 0.6]), np.array([0.0, 1.0, 0.0])
    normal = np.cross(along, down)
    write_series(tmp_path, volume(), tuple(normal * 3), ImageOrientationPatient=[*along, *down])
    with open_stack(tmp_path) as stack:
        assert stack.geometry.unit == "mm"
        assert stack.geometry.spacing == pytest.approx((3, 0.5, 0.25))
        x, y, z = 7, 4, 2
        lps = np.array([10, -20, 5]) + x * 0.25 * along + y * 0.5 * down + z * 3 * normal
        assert stack.geometry.affine is not None
        np.testing.assert_allclose(stack.geometry.affine @ [x, y, z, 1], [-lps[0], -lps[1], lps[2], 1])
        assert stack.warnings == ()


def test_a_tilted_gantry_warns(tmp_path: Path) -> None:
    angle = np.radians(12)
    write_series(tmp_path, volume(), ImageOrientationPatient=[1, 0, 0, 0, np.cos(angle), -np.sin(angle)])
    with open_stack(tmp_path) as stack:
        (warning,) = stack.warnings
        assert "The gantry was tilted by 12.0 degrees" in warning
        # Planes lie closer together than the table moved.
        assert stack.geometry.spacing is not None
        assert stack.geometry.affine is not None
        assert stack.geometry.spacing[0] == pytest.approx(2 * np.cos(angle))
        np.testing.assert_allclose(stack.geometry.affine[:3, 2], [0, 0, 2], atol=1e-12)


def test_uneven_spacing_warns(tmp_path: Path) -> None:
    write_series(tmp_path, volume(depth=4))
    last = dataset(volume()[0], ImagePositionPatient=[10, -20, 20], InstanceNumber=9)
    saved(last, tmp_path / "last")
    with open_stack(tmp_path) as stack:
        (warning,) = stack.warnings
        assert "spaced unevenly, 2 to 9 mm apart" in warning


@pytest.mark.parametrize(
    ("stored", "bits", "scale", "read"),
    [
        ("u2", 12, (1, -1024), "i2"),
        ("u2", 16, (1, -1024), "i4"),
        ("i2", 16, (1, 0), "i2"),
        ("u1", 8, (2, 0), "i2"),
        ("i2", 16, (0.5, 0.25), "f4"),
        ("i4", 32, (0.5, 0), "f8"),
        ("u4", 32, (1, 1), "i8"),
    ],
)
def test_rescaled_values(
    tmp_path: Path, stored: str, bits: int, scale: tuple[float, float], read: str
) -> None:
    voxels = volume(stored)
    if stored == "u1":
        voxels = np.abs(voxels).clip(max=2**bits - 1)
    tags: dict[str, Any] = {"RescaleSlope": scale[0], "RescaleIntercept": scale[1]}
    write_series(tmp_path, voxels, BitsStored=bits, HighBit=bits - 1, **tags)
    with open_stack(tmp_path) as stack:
        assert stack.dtype == np.dtype(read)
        np.testing.assert_array_equal(stack.read(), voxels.astype("f8") * scale[0] + scale[1])


def test_slopes_of_single_slices_count(tmp_path: Path) -> None:
    """PET scales every slice by its own."""
    layout = layout_of(dataset(volume("u2")[0]), tmp_path)
    assert values_dtype(layout, [(1.0, 0.0), (3.0, 0.0)]) == np.int32
    assert values_dtype(layout, [(1.0, 0.0), (1.5, 0.0)]) == np.float32


def test_bits_above_those_stored_do_not_count(tmp_path: Path) -> None:
    plane = np.array([[0x0FFF, 0x7801], [0x0800, 0x0001]], np.uint16)
    saved(
        dataset(plane, BitsStored=12, HighBit=11, PixelRepresentation=1, ImagePositionPatient=[0, 0, 0]),
        tmp_path / "a.dcm",
    )
    with open_stack(tmp_path / "a.dcm") as stack:
        assert stack.read().tolist() == [[[-1, -2047], [-2048, 1]]]


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (ImplicitVRLittleEndian, None),
        (ExplicitVRBigEndian, None),
        ("1.2.840.10008.1.2.4.70", lambda plane: imagecodecs.ljpeg_encode(plane, bitspersample=16)),
        ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode),
        (
            "1.2.840.10008.1.2.4.90",
            lambda plane: imagecodecs.jpeg2k_encode(plane, codecformat="J2K", level=0),
        ),
    ],
)
def test_transfer_syntaxes(tmp_path: Path, syntax: str, encode: Any) -> None:
    voxels = volume("u2", 2)
    for index, plane in enumerate(voxels):
        each = dataset(plane, syntax, ImagePositionPatient=[0, 0, index])
        if encode is not None:
            each.PixelData = encapsulate([bytes(encode(plane))])
            each["PixelData"].VR = "OB"
        elif syntax == ExplicitVRBigEndian:
            each.PixelData = plane.astype(">u2").tobytes()
            each.set_original_encoding(False, False)
        saved(each, tmp_path / f"{index}.dcm")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)


def test_run_length_encoding(tmp_path: Path) -> None:
    each = dataset(volume("u2")[0], ImagePositionPatient=[0, 0, 0])
    each.compress(RLELossless)
    saved(each, tmp_path / "a.dcm")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read()[0], volume("u2")[0])


def test_many_frames_in_one_file(tmp_path: Path) -> None:
    voxels = volume("u2", 4)
    each = dataset(
        voxels[0], NumberOfFrames=4, PixelData=voxels.tobytes(), PixelSpacing=None, SliceThickness=None
    )
    del each.ImageOrientationPatient
    shared, orientation, measures, values = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.25], 3
    values.RescaleSlope, values.RescaleIntercept = 2, 1
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PixelValueTransformationSequence = Sequence([values])
    each.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for height in (9, 3, 0, 6):
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, height]
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    each.PerFrameFunctionalGroupsSequence = Sequence(frames)
    saved(each, tmp_path / "a.dcm")
    with open_stack(tmp_path / "a.dcm") as stack:
        assert stack.geometry.spacing == pytest.approx((3, 0.5, 0.25))
        np.testing.assert_array_equal(stack.read(), voxels[[2, 1, 3, 0]].astype("i4") * 2 + 1)


def test_color(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 256, (2, 9, 12, 3), np.uint8)
    write_series(tmp_path, voxels)
    with open_stack(tmp_path) as stack:
        assert stack.channels == 3
        np.testing.assert_array_equal(stack.read(slice(1, 2), slice(3, 7)), voxels[1:2, 3:7])


def test_the_largest_series_of_a_folder(tmp_path: Path) -> None:
    write_series(tmp_path, volume())
    scout = saved(
        dataset(volume("u2")[0], SeriesInstanceUID="1.2.4", ImagePositionPatient=[0, 0, 0]), tmp_path / "A0"
    )
    (tmp_path / "A1").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    (tmp_path / "notes.txt").write_text("not DICOM")
    with open_stack(tmp_path) as stack:
        assert stack.shape == (6, 9, 12)
        several, unreadable = stack.warnings
        assert "holds 2 series or orientations; this is unnamed series, CT, 6 slices of 12 x 9." in several
        assert "The others are left out: unnamed series, CT, 1 slice of 12 x 9 (series=1.2.4)." in several
        assert re.match(r"1 file could not be read. The first: .*A1 is damaged", unreadable)
    with open_stack(scout) as stack:
        assert stack.shape == (1, 9, 12)
    with open_stack(tmp_path / "IM0001") as stack:
        assert stack.shape == (6, 9, 12)


def test_without_positions_the_numbers_count(tmp_path: Path) -> None:
    voxels = volume()
    write_series(tmp_path, voxels, ImagePositionPatient=None)
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.geometry.spacing is None
        assert "have no position" in stack.warnings[0]


def test_window_and_text(tmp_path: Path) -> None:
    write_series(
        tmp_path, volume(), WindowCenter=[40, 300], WindowWidth=[400, 1500], SeriesDescription="HEAD"
    )
    with open_stack(tmp_path) as stack:
        assert stack.window == (-160.0, 240.0)
        assert stack.metadata["SeriesDescription"] == "HEAD"


def test_a_slice_that_is_cut_short_is_left_out_and_told(tmp_path: Path) -> None:
    voxels = volume()
    write_series(tmp_path, voxels)
    # The third of the planes, at a height of 9 mm.
    (tmp_path / "IM0004").write_bytes((tmp_path / "IM0004").read_bytes()[:-30])
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), np.delete(voxels, 2, axis=0))
        unreadable, missing = stack.warnings
        assert re.match(r"1 file could not be read. .*IM0004 is damaged .*some are missing", unreadable)
        assert missing.startswith("1 slice is missing, at 9 mm")
        assert stack.geometry.spacing == pytest.approx((2, 0.5, 0.25))


def test_a_slice_that_disappears_or_changes_while_the_series_is_open(tmp_path: Path) -> None:
    write_series(tmp_path, volume())
    with open_stack(tmp_path) as stack:
        (tmp_path / "IM0003").write_bytes((tmp_path / "IM0003").read_bytes()[:-30])
        with pytest.raises(SourceError, match="IM0003 has changed since the series was opened"):
            stack.read()
        (tmp_path / "IM0003").unlink()
        with pytest.raises(SourceError, match="IM0003 has disappeared since the series was opened"):
            stack.read()


@pytest.mark.parametrize(
    ("syntax", "sentence"),
    [
        ("1.2.840.10008.1.2.4.100", "cannot be shown: it is a video .MPEG2 Main Profile"),
        ("1.2.840.113619.5.2", "its transfer syntax 1.2.840.113619.5.2 is private to its maker"),
        ("1.2.840.10008.1.2.4.204", "compressed as JPIP HTJ2K Referenced, which is not decoded; export it"),
    ],
)
def test_transfer_syntaxes_that_are_not_read_are_named(tmp_path: Path, syntax: str, sentence: str) -> None:
    each = dataset(volume("u2")[0], syntax, ImagePositionPatient=[0, 0, 0])
    each.PixelData = encapsulate([b"12"])
    each["PixelData"].VR = "OB"
    path = tmp_path / "a.dcm"
    dcmwrite(path, each, implicit_vr=False, little_endian=True, force_encoding=True)
    with pytest.raises(SourceError, match=sentence):
        open_stack(path)


def test_modality_decides_the_kind(tmp_path: Path) -> None:
    for modality, kind in (("SM", Kind.IMAGE), ("CT", Kind.STACK), ("MR", Kind.STACK)):
        write_series(tmp_path / modality, volume(), Modality=modality)
        assert kind_of(tmp_path / modality) is kind
        assert kind_of(tmp_path / modality / "IM0000") is kind


@pytest.mark.data
def test_the_tilted_unevenly_spaced_head(data_folder: Path) -> None:
    folder = data_folder / "stacks" / "dicom_head_ge"
    with open_stack(folder) as stack:
        tilted, uneven = stack.warnings
        assert "The gantry was tilted by 18.5 degrees" in tilted
        assert "spaced unevenly" in uneven
        assert stack.shape == (11, 512, 512)
        assert stack.window == (-15.0, 85.0)
        # Air and bone in Hounsfield units.
        assert stack.plane(0, 5)[0, 256] < -900
        assert stack.plane(0, 5).max() > 1000


@pytest.mark.data
def test_a_label_map_lies_where_its_series_does(data_folder: Path) -> None:
    """The same patient as DICOM, NRRD labels and a DICOM segmentation: one space, one order of slices."""
    folder = data_folder / "stacks" / "dicom_ct_3slice"
    with (
        open_stack(folder) as scan,
        open_stack(folder / "heart_seg.nrrd") as labels,
        open_stack(folder / "liver_seg.dcm") as segmentation,
    ):
        assert scan.shape == labels.shape == segmentation.shape == (3, 512, 512)
        assert scan.geometry.affine is not None
        for other in (labels, segmentation):
            assert other.geometry.affine is not None
            np.testing.assert_allclose(scan.geometry.affine, other.geometry.affine, atol=1e-4)
        liver = scan.read()[segmentation.read() > 0]
        # Soft tissue, in Hounsfield units.
        assert 0 < np.median(liver) < 200
    with (
        open_stack(folder / "liver_seg.nrrd") as nrrd_labels,
        open_stack(folder / "liver_seg.dcm") as dicom_labels,
    ):
        np.testing.assert_array_equal(nrrd_labels.read() > 0, dicom_labels.read() > 0)


@pytest.mark.data
def test_a_slide_in_dicom_stays_an_image(data_folder: Path) -> None:
    folder = data_folder / "slides" / "dicomwsi"
    assert kind_of(folder) is Kind.IMAGE
    with open_image(folder) as image:
        assert len(image.levels) >= 1
