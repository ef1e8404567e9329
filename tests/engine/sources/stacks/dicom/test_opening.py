"""What is opened of folders as scanners and archives leave them, against a plain loop over pydicom."""

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydicom.dataset import FileMetaDataset

from tests.engine.sources.stacks.dicom.dicom_files import dataset, saved, write_series
from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_stack, questions_of
from wholefield.sources.choices import Reading
from wholefield.sources.dicom.headers import MOST_INFLATED
from wholefield.sources.dicom.layout import PixelElement, PixelLayout
from wholefield.sources.stacks.dicom.opening import dicom_questions, open_dicom
from wholefield.sources.stacks.dicom.values import rescaled, values_dtype
from wholefield.sources.stacks.stack import AnyArray

SCOUT = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]


def volume(depth: int = 4, low: int = 0) -> AnyArray:
    return np.random.default_rng(depth + low).integers(low, 900, (depth, 9, 12)).astype(np.int16)


def by_pydicom(folder: Path) -> AnyArray:
    """Rescaled values of all files of a folder, sorted by the height of axial slices."""
    files = [pydicom.dcmread(path, force=True) for path in folder.rglob("*") if path.is_file()]
    files.sort(key=lambda each: float(each.ImagePositionPatient[2]))
    return np.stack(
        [
            each.pixel_array * float(each.get("RescaleSlope", 1)) + float(each.get("RescaleIntercept", 0))
            for each in files
        ]
    )


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_axial_series_is_what_a_loop_over_pydicom_gives(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("series")
    dtype = data.draw(st.sampled_from(["u1", "u2", "i2"]))
    bits = data.draw(st.sampled_from([8] if dtype == "u1" else [10, 12, 15, 16]))
    depth = data.draw(st.integers(1, 5))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if dtype == "i2" else (0, 2**bits)
    voxels = np.random.default_rng(depth).integers(low, high, (depth, 5, 4)).astype(dtype)
    slopes = data.draw(st.lists(st.sampled_from([1, 2, 0.5, 0.125]), min_size=depth, max_size=depth))
    intercept = data.draw(st.sampled_from([0, -1024, 0.5]))
    for index, plane in enumerate(voxels):
        saved(
            dataset(
                plane, BitsStored=bits, HighBit=bits - 1, RescaleSlope=slopes[index], RescaleIntercept=intercept,
                ImagePositionPatient=[1, 2, 3 * ((index * 3) % depth if depth % 3 else index)],
            ),
            folder / f"{index}",
        )  # fmt: skip
    with open_stack(folder) as stack:
        np.testing.assert_array_equal(stack.read(), by_pydicom(folder))


def test_folders_as_archives_export_them(tmp_path: Path) -> None:
    inner = tmp_path / "PA0" / "ST0" / "SE0"
    inner.mkdir(parents=True)
    write_series(inner, volume())
    (tmp_path / "PA0" / "README.TXT").write_text("viewer")
    assert kind_of(tmp_path) is Kind.STACK
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())


def test_a_series_in_several_folders_is_one(tmp_path: Path) -> None:
    write_series(tmp_path, volume(6))
    (tmp_path / "more").mkdir()
    for name in ("IM0001", "IM0003"):
        (tmp_path / name).rename(tmp_path / "more" / name)
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume(6))


def dicomdir(folder: Path, *names: tuple[str, ...]) -> Path:
    """A DICOMDIR that lists files by the parts of their names."""
    listing = dataset(np.zeros((1, 1), np.uint8), Modality=None)
    for name in ("PixelData", "Rows", "Columns"):
        delattr(listing, name)
    records = [pydicom.Dataset()]
    records[0].DirectoryRecordType = "PATIENT"
    for parts in names:
        records.append(pydicom.Dataset())
        records[-1].DirectoryRecordType, records[-1].ReferencedFileID = "IMAGE", list(parts)
    listing.DirectoryRecordSequence = pydicom.Sequence(records)
    return saved(listing, folder / "DICOMDIR")


def test_a_dicomdir_leads_to_its_files(tmp_path: Path) -> None:
    inner = tmp_path / "export" / "A" / "B"
    inner.mkdir(parents=True)
    write_series(inner, volume())
    secret = saved(dataset(volume(1)[0], ImagePositionPatient=[10, -20, 99]), tmp_path / "secret")
    names = [("A", "B", path.name) for path in inner.iterdir()]
    path = dicomdir(tmp_path / "export", *names)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        assert stack.warnings == ()
    with open_stack(path.parent) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
    # Names that lead out of the folder are not followed.
    for outside in (("..", "secret"), (str(secret),), ("A", "..", "..", "secret")):
        with open_stack(dicomdir(tmp_path / "export", *names, outside)) as stack:
            np.testing.assert_array_equal(stack.read(), volume())
            assert stack.warnings == ("1 file that DICOMDIR lists does not exist below its folder.",)


@pytest.mark.parametrize("implicit", [True, False])
def test_files_without_a_preamble(tmp_path: Path, implicit: bool) -> None:
    for index, plane in enumerate(volume()):
        image = dataset(plane, ImagePositionPatient=[0, 0, index])
        image.preamble, image.file_meta = None, FileMetaDataset()
        image.save_as(
            tmp_path / f"{index}", implicit_vr=implicit, little_endian=True, enforce_file_format=False
        )
    assert kind_of(tmp_path) is Kind.STACK
    assert kind_of(tmp_path / "0") is Kind.STACK
    with open_stack(tmp_path / "0") as stack:
        np.testing.assert_array_equal(stack.read(), volume())


def test_files_that_begin_like_tiff(tmp_path: Path) -> None:
    write_series(tmp_path, volume())
    for path in tmp_path.iterdir():
        path.write_bytes(b"II*\0\x08\0\0\0\0\0".ljust(128, b"\0") + path.read_bytes()[128:])
    assert kind_of(tmp_path / "IM0001") is Kind.STACK
    for path in (tmp_path, tmp_path / "IM0001"):
        with open_stack(path) as stack:
            assert stack.format_name == "DICOM series"
            np.testing.assert_array_equal(stack.read(), volume())


@pytest.mark.parametrize(
    "changes", [{"ImageOrientationPatient": SCOUT}, {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}]
)
def test_a_scout_of_the_same_series_is_left_out_and_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_series(tmp_path, volume())
    scout = saved(dataset(volume(1, 5)[0], ImagePositionPatient=[0, 0, 1], **changes), tmp_path / "a_scout")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        (told,) = stack.warnings
        assert "holds 2 series or orientations; this is unnamed series, CT, 4 slices of 12 x 9." in told
    with open_stack(scout) as stack:
        np.testing.assert_array_equal(stack.read(), volume(1, 5))
    _likely, other = dicom_questions(tmp_path)[0].answers
    with open_stack(tmp_path, reading=f"series={other.value}") as stack:
        np.testing.assert_array_equal(stack.read(), volume(1, 5))


def test_series_are_chosen_by_their_name(tmp_path: Path) -> None:
    write_series(tmp_path / "a", volume(4), SeriesDescription="HEAD", SeriesInstanceUID="1.1")
    write_series(tmp_path / "b", volume(3), SeriesDescription="CHEST", SeriesInstanceUID="1.2")
    write_series(tmp_path / "c", volume(2), SeriesDescription="CHEST", SeriesInstanceUID="1.3", Modality="MR")
    (question,) = questions_of(tmp_path)
    assert question.name == "series"
    assert [(answer.value, answer.label) for answer in question.answers] == [
        ("1.1", "HEAD, CT, 4 slices of 12 x 9"),
        ("1.2", "CHEST, CT, 3 slices of 12 x 9"),
        ("1.3", "CHEST, MR, 2 slices of 12 x 9"),
    ]
    for series, wanted in ((None, volume(4)), ("1.2", volume(3)), ("1.3", volume(2)), ("HEAD", volume(4))):
        with open_dicom(tmp_path, Reading({"series": series or ""})) as stack:
            np.testing.assert_array_equal(stack.read(), wanted)
            assert "holds 3 series" in stack.warnings[0]
    with pytest.raises(SourceError, match=r"holds 2 series called CHEST; choose one by its UID: 1.1"):
        open_stack(tmp_path, reading="series=CHEST")
    with pytest.raises(SourceError, match=r"holds no series 7; it has 1.1 .HEAD"):
        open_stack(tmp_path, reading="series=7")


def test_two_times(tmp_path: Path) -> None:
    for time in (0, 1):
        for z, plane in enumerate(volume(4, 10 * time)):
            saved(
                dataset(plane, ImagePositionPatient=[0, 0, 2 * z], AcquisitionNumber=time + 1),
                tmp_path / f"{time}{z}",
            )
    with open_stack(tmp_path) as stack:
        assert (stack.times, stack.shape) == (2, (4, 9, 12))
        assert stack.metadata["Times differ by"] == "acquisition number 1, 2"
        assert any(
            "Every position occurs 2 times; they are taken as times" in told for told in stack.warnings
        )
        np.testing.assert_array_equal(stack.read(), volume(4))
        with stack.at_time(1) as later:
            np.testing.assert_array_equal(later.read(), volume(4, 10))
    with open_stack(tmp_path, reading="time=1") as stack:
        np.testing.assert_array_equal(stack.read(), volume(4, 10))
    (question,) = questions_of(tmp_path)
    assert question.name == "time"
    assert question.help.endswith("They differ by acquisition number 1, 2.")


def test_copies_are_left_out(tmp_path: Path) -> None:
    write_series(tmp_path, volume())
    (tmp_path / "IM0001 again").write_bytes((tmp_path / "IM0001").read_bytes())
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        assert stack.warnings == (
            "1 file is a copy of others (same SOPInstanceUID) and left out, such as IM0001 again.",
        )


def test_images_of_one_name_with_other_pixels_are_no_copies(tmp_path: Path) -> None:
    for time in (0, 1):
        for z, plane in enumerate(volume(4, 10 * time)):
            place: dict[str, Any] = {"ImagePositionPatient": [0, 0, z], "InstanceNumber": 4 * time + z}
            saved(dataset(plane, SOPInstanceUID="1.2.9", **place), tmp_path / f"{time}{z}")
    with open_stack(tmp_path) as stack:
        assert stack.times == 2
        np.testing.assert_array_equal(stack.at_time(1).read(), volume(4, 10))


def test_magnitude_and_phase_are_two_volumes(tmp_path: Path) -> None:
    for kind in "MP":
        write_series(
            tmp_path / kind, volume(4, ord(kind)), ImageType=["ORIGINAL", "PRIMARY", kind], Modality="MR"
        )
    (question,) = dicom_questions(tmp_path)
    found = []
    for answer in question.answers:
        with open_stack(tmp_path, reading=f"series={answer.value}") as stack:
            assert (stack.times, stack.shape) == (1, (4, 9, 12))
            found.append(stack.read().tolist())
    assert sorted(found) == sorted([volume(4, ord("M")).tolist(), volume(4, ord("P")).tolist()])


def test_another_field_of_view_or_size_is_another_volume(tmp_path: Path) -> None:
    write_series(tmp_path / "a", volume(6))
    write_series(tmp_path / "b", volume(3), PixelSpacing=[1, 1])
    write_series(tmp_path / "c", volume(2)[:, :5])
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume(6))
        assert "holds 3 series or orientations" in stack.warnings[0]


def test_stations_beside_each_other_are_two_volumes(tmp_path: Path) -> None:
    for station in (0, 200):
        for z, plane in enumerate(volume(4, station)):
            saved(dataset(plane, ImagePositionPatient=[station, 0, z]), tmp_path / f"{station}{z}")
    (question,) = dicom_questions(tmp_path)
    assert len(question.answers) == 2
    with open_stack(tmp_path) as stack:
        assert (stack.times, stack.shape) == (1, (4, 9, 12))


@pytest.mark.parametrize("key", ["SliceLocation", "InstanceNumber", ""])
def test_without_positions(tmp_path: Path, key: str) -> None:
    voxels = volume(12)
    for index, plane in enumerate(voxels):
        tags: dict[str, Any] = {} if not key else {key: index + 1}
        saved(dataset(plane, **tags), tmp_path / f"IM{index + 1}")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        words = {
            "SliceLocation": "slice locations",
            "InstanceNumber": "their numbers",
            "": "their file names",
        }
        assert stack.warnings[0].startswith("The slices have no position; they are in the ")
        assert words[key] in stack.warnings[0]
        assert stack.geometry.spacing == ((1, 0.5, 0.25) if key == "SliceLocation" else None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, "low values bright (MONOCHROME1)"),
        ({"LossyImageCompression": "01"}, "compressed with loss before"),
        ({"OverlayBitPosition": 12}, ""),
    ],
)
def test_what_is_unusual_is_told(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    write_series(tmp_path, volume(), **{name: value for name, value in changes.items() if sentence})
    if not sentence:
        for path in tmp_path.iterdir():
            image = pydicom.dcmread(path)
            image.add_new(0x60003000, "OW", b"\1\0")
            image.save_as(path)
        sentence = "The files carry overlays"
    with open_stack(tmp_path) as stack:
        assert sentence in stack.warnings[0]
        np.testing.assert_array_equal(stack.read(), volume())


def test_a_slope_of_zero_is_told_and_not_used(tmp_path: Path) -> None:
    write_series(tmp_path, volume(), RescaleSlope=0, RescaleIntercept=-5)
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), volume())
        assert "4 slices are stored with a RescaleSlope of 0" in stack.warnings[0]


def test_objects_without_images_are_named(tmp_path: Path) -> None:
    report = dataset(volume()[0], Modality="SR")
    for name in ("PixelData", "Rows", "Columns"):
        delattr(report, name)
    path = saved(report, tmp_path / "report")
    with pytest.raises(
        SourceError, match=r"report is DICOM without an image of a stack \(structured report\)"
    ):
        open_stack(path)
    with pytest.raises(SourceError, match="without an image of a stack"):
        open_stack(tmp_path)
    saved(report, tmp_path / "second")
    with pytest.raises(SourceError, match=r"no images of a stack: 2 SR \(structured report\)"):
        open_stack(tmp_path)
    write_series(tmp_path, volume())
    with open_stack(tmp_path) as stack:
        assert stack.warnings == (
            "Files without an image of a stack are left out: 2 SR (structured report).",
        )


def test_a_dose_is_scaled_and_placed_by_its_offsets(tmp_path: Path) -> None:
    voxels = np.random.default_rng(1).integers(0, 60000, (3, 4, 5)).astype(np.uint16)
    dose = dataset(
        voxels[0], NumberOfFrames=3, PixelData=voxels.tobytes(), Modality="RTDOSE", DoseGridScaling=0.25,
        GridFrameOffsetVector=[0, 2.5, 5], ImagePositionPatient=[0, 0, 10],
    )  # fmt: skip
    with open_stack(saved(dose, tmp_path / "dose")) as stack:
        assert stack.geometry.spacing == (2.5, 0.5, 0.25)
        np.testing.assert_array_equal(stack.read(), voxels * 0.25)


def test_frames_in_time_are_told(tmp_path: Path) -> None:
    voxels = volume(5)
    cine = dataset(
        voxels[0], NumberOfFrames=5, PixelData=voxels.tobytes(), FrameTime=33, ImagePositionPatient=[0, 0, 1]
    )
    with open_stack(saved(cine, tmp_path / "cine")) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert "The slices have no position; they are in the order of the frames." in stack.warnings
        assert (
            "The frames follow each other in time, not in space; they are shown as slices." in stack.warnings
        )


def test_a_header_that_claims_more_than_the_file_holds(tmp_path: Path) -> None:
    claims: list[dict[str, Any]] = [
        {"NumberOfFrames": 2**31 - 1}, {"Rows": 65535, "Columns": 65535}, {"NumberOfFrames": -3},
    ]  # fmt: skip
    for tags in claims:
        path = saved(dataset(volume()[0], **tags), tmp_path / "claims")
        with pytest.raises(SourceError, match="claims is damaged"):
            open_stack(path)


@pytest.mark.parametrize("slope", [1e300, -1e299, 1e31])
def test_scales_that_nothing_measures(tmp_path: Path, slope: float) -> None:
    write_series(tmp_path, volume(), RescaleSlope=slope)
    with pytest.raises(
        SourceError, match=r"is damaged .it rescales its values by .* to numbers that nothing measures"
    ):
        open_stack(tmp_path)


def test_a_lookup_table_of_the_modality(tmp_path: Path) -> None:
    plane = np.array([[5, 6, 7], [8, 2, 99]], np.uint16)
    image = dataset(plane)
    table = pydicom.Dataset()
    table.LUTDescriptor, table.LUTData = [4, 5, 16], np.array([100, 90, 20, 7], "<u2").tobytes()
    image.ModalityLUTSequence = pydicom.Sequence([table])
    with open_stack(saved(image, tmp_path / "a")) as stack:
        assert stack.read().tolist() == [[[100, 90, 20], [7, 100, 7]]]


def deflated(image: pydicom.FileDataset, path: Path, more: bytes = b"") -> Path:
    """A file that is deflated as a whole, with bytes behind its data set."""
    whole = saved(image, path).read_bytes()
    # The value of the group length, (0002,0000), counts from behind itself.
    end = 144 + int.from_bytes(whole[140:144], "little")
    meta = FileMetaDataset()
    meta.update(image.file_meta)
    meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    head = BytesIO()
    pydicom.filewriter.write_file_meta_info(head, meta, enforce_standard=True)
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(whole[:132] + head.getvalue() + pack.compress(whole[end:] + more) + pack.flush())
    return path


def test_deflated_files(tmp_path: Path) -> None:
    path = deflated(dataset(volume(1)[0], ImagePositionPatient=[0, 0, 0]), tmp_path / "a")
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, volume(1)[0])
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), volume(1))


def test_a_file_that_inflates_without_an_end(tmp_path: Path) -> None:
    path = deflated(dataset(volume(1)[0]), tmp_path / "bomb", bytes(MOST_INFLATED))
    assert path.stat().st_size < 10**6
    assert kind_of(path) is Kind.STACK
    with pytest.raises(SourceError, match="its deflated data takes more than 256 MB of memory"):
        open_stack(path)


def test_slices_that_store_more_bits_than_the_first(tmp_path: Path) -> None:
    """The type of the whole stack holds the values of all of them."""
    small, large = np.full((3, 4), 4000, np.uint16), np.full((3, 4), 65000, np.uint16)
    tags: dict[str, Any] = {"RescaleIntercept": -1024, "RescaleSlope": 1}
    saved(dataset(small, BitsStored=12, HighBit=11, ImagePositionPatient=[0, 0, 0], **tags), tmp_path / "0")
    saved(dataset(large, ImagePositionPatient=[0, 0, 1], **tags), tmp_path / "1")
    with open_stack(tmp_path) as stack:
        assert stack.read()[:, 0, 0].tolist() == [2976, 63976]


@given(
    st.sampled_from(["u1", "i2", "u2"]),
    st.lists(st.tuples(st.integers(-70000, 70000), st.integers(-70000, 70000)), min_size=1, max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_the_type_of_whole_values_holds_both_ends(kind: str, scales: list[tuple[int, int]]) -> None:
    info = np.iinfo(kind)
    layout = PixelLayout(
        PixelElement(0, 2, False), "1.2.840.10008.1.2.1", True, 1, 1, 1, 1, info.bits, info.bits, info.bits - 1,
        kind[0] == "i", "MONOCHROME2", False,
    )  # fmt: skip
    own = [(float(slope), float(intercept)) for slope, intercept in scales]
    dtype = values_dtype(layout, own)
    for slope, intercept in own:
        ends = np.array([info.min, info.max], kind)
        wanted = [int(slope) * int(end) + int(intercept) for end in ends]
        assert rescaled(ends, (slope, intercept), dtype).tolist() == wanted


@pytest.mark.parametrize(("name", "value"), [("RescaleSlope", "nan"), ("RescaleIntercept", "1\\2")])
def test_a_scale_that_cannot_be_read_is_not_passed_over(tmp_path: Path, name: str, value: str) -> None:
    path = saved(dataset(volume(1)[0], RescaleSlope=1, RescaleIntercept=0), tmp_path / "a")
    image = pydicom.dcmread(path)
    image[name]._value = value
    image.save_as(path)
    with pytest.raises(SourceError, match=f"is damaged .its {name} is"):
        open_stack(path)


def test_texts_of_other_writing(tmp_path: Path) -> None:
    write_series(
        tmp_path, volume(), SpecificCharacterSet=["", "ISO 2022 IR 87"], SeriesDescription="\u982d\u90e8"
    )
    with open_stack(tmp_path) as stack:
        assert stack.metadata["SeriesDescription"] == "\u982d\u90e8"
