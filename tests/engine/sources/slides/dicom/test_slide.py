"""DICOM slides of every encoding, kind of tiling and depth, against what was stored, pydicom and OpenSlide."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from tests.engine.sources.slides.dicom.dicom_files import (
    AnyArray,
    optical_path,
    place,
    tiles_of,
    write_slide,
)
from wholefield.errors import SourceError
from wholefield.sources import Kind, kind_of, open_image
from wholefield.sources.slides.dicom.slide import open_dicom_slide

SIZE = (75, 110)


def picture(dtype: str = "u1", channels: int = 3, size: tuple[int, int] = SIZE) -> AnyArray:
    y, x = np.mgrid[: size[0], : size[1]]
    planes = [(x * 2 + y * k) * (200 if dtype == "u2" else 1) for k in range(1, channels + 1)]
    return np.stack(planes, -1).astype(dtype).squeeze()


def whole(path: Path, level: int = 0, **at: int) -> AnyArray:
    with open_dicom_slide(path, at=at) as source:
        size = source.levels[level]
        return source.read_region(level, 0, 0, size.width, size.height).squeeze()


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, JPEG2000Lossless, RLELossless]
)
@pytest.mark.parametrize(("dtype", "channels"), [("u1", 3), ("u1", 1), ("u2", 1)])
def test_encodings_without_loss(tmp_path: Path, dtype: str, channels: int, syntax: str) -> None:
    image = picture(dtype, channels)
    path = write_slide(tmp_path / "a.dcm", tiles_of(image, 32), SIZE, syntax=syntax)
    assert kind_of(path) is Kind.IMAGE
    with open_image(path) as source:
        assert (source.format_name, source.channels) == ("DICOM whole slide", channels)
        assert source.dtype == image.dtype
        assert source.spacing == pytest.approx((0.5, 0.25))
        assert source.warnings == ()
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 110, 75).squeeze(), image)
        np.testing.assert_array_equal(source.read_region(0, 31, 30, 40, 35).squeeze(), image[30:65, 31:71])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_without_a_preamble(tmp_path: Path, syntax: str) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, syntax=syntax)
    data = path.read_bytes()
    # The group of the file meta information says how long it is.
    length = int.from_bytes(data[140:144], "little")
    path.write_bytes(data[144 + length :])
    np.testing.assert_array_equal(whole(path), picture())


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_jpeg_agrees_with_openslide_whatever_table_it_has(tmp_path: Path, table: str) -> None:
    path = write_slide(
        tmp_path / "a.dcm",
        tiles_of(picture(), 32),
        SIZE,
        syntax=JPEGBaseline8Bit,
        table=table,
        PhotometricInterpretation="YBR_FULL_422",
    )
    shown = whole(path)
    assert np.abs(shown.astype(int) - picture()).mean() < 3
    with openslide.OpenSlide(path) as slide:
        right = np.asarray(slide.read_region((0, 0), 0, slide.dimensions))[..., :3]
    np.testing.assert_array_equal(shown, right)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless, RLELossless])
def test_frames_are_those_of_pydicom(tmp_path: Path, syntax: str) -> None:
    tiles = tiles_of(picture("u2", 1), 32)
    path = write_slide(tmp_path / "a.dcm", tiles, SIZE, syntax=syntax)
    if syntax == JPEGLSLossless:
        right = np.stack(tiles)  # pydicom needs a package for it that is not asked for here
    else:
        right = pydicom.dcmread(path).pixel_array
    with open_dicom_slide(path) as source:
        np.testing.assert_array_equal(source.read_region(0, 32, 32, 32, 32)[..., 0], right[5])


def test_colors_plane_after_plane(tmp_path: Path) -> None:
    tiles = [
        np.ascontiguousarray(np.moveaxis(tile, -1, 0)).reshape(32, 32, 3) for tile in tiles_of(picture(), 32)
    ]
    path = write_slide(tmp_path / "a.dcm", tiles, SIZE, PlanarConfiguration=1)
    np.testing.assert_array_equal(whole(path), picture())


def test_brightness_and_differences(tmp_path: Path) -> None:
    gray = np.full((*SIZE, 3), (100, 128, 128), np.uint8)
    path = write_slide(tmp_path / "a.dcm", tiles_of(gray, 32), SIZE, PhotometricInterpretation="YBR_FULL")
    assert (whole(path) == 100).all()


def test_low_is_white(tmp_path: Path) -> None:
    image = picture("u2", 1)
    path = write_slide(tmp_path / "a.dcm", tiles_of(image, 32), SIZE, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(whole(path), 65535 - image)


def test_palettes(tmp_path: Path) -> None:
    image = picture("u1", 1) % 7
    colors = np.random.default_rng(0).integers(0, 65536, (3, 7)).astype("<u2")
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, values in zip(("Red", "Green", "Blue"), colors, strict=True):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [7, 0, 16]
        tags[f"{name}PaletteColorLookupTableData"] = values.tobytes()
    path = write_slide(tmp_path / "a.dcm", tiles_of(image, 32), SIZE, **tags)
    np.testing.assert_array_equal(whole(path), (colors >> 8).T[image])


def test_levels_lie_in_files_of_their_own(tmp_path: Path) -> None:
    image = picture()
    half = image[::2, ::2]
    small = write_slide(tmp_path / "b.dcm", tiles_of(half, 32), half.shape[:2])
    write_slide(tmp_path / "a.dcm", tiles_of(image, 32), SIZE)
    write_slide(tmp_path / "other.dcm", tiles_of(image, 32), SIZE, SeriesInstanceUID="1.2.9")
    (tmp_path / "notes.txt").write_text("no DICOM")
    for path in (small, tmp_path):
        with open_image(path) as source:
            assert [(level.width, level.height) for level in source.levels] == [(110, 75), (55, 38)]
        np.testing.assert_array_equal(whole(path, 1), half)


def test_a_copy_of_a_level_is_no_second_one(tmp_path: Path) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE)
    (tmp_path / "copy.dcm").write_bytes(path.read_bytes())
    with open_image(path) as source:
        assert (len(source.levels), source.warnings) == (1, ())


def test_label_and_macro_image_agree_with_openslide(tmp_path: Path) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, syntax=JPEGBaseline8Bit)
    for name in ("LABEL", "OVERVIEW", "THUMBNAIL"):
        write_slide(
            tmp_path / f"{name}.dcm",
            [picture(size=(40, 40))],
            (40, 40),
            syntax=JPEGBaseline8Bit,
            ImageType=["ORIGINAL", "PRIMARY", name, "NONE"],
        )
    with open_image(path) as source, openslide.OpenSlide(path) as slide:
        assert set(source.associated) == {"label", "macro", "thumbnail"}
        for name, right in slide.associated_images.items():
            np.testing.assert_array_equal(source.associated[name], np.asarray(right)[..., :3])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless])
@pytest.mark.parametrize(("channels", "background"), [(3, 255), (1, 0)])
def test_tiles_that_are_left_out_are_told(
    tmp_path: Path, channels: int, background: int, syntax: str
) -> None:
    image = picture(channels=channels)
    kept = [tile for tile in range(12) if tile not in (2, 7)]
    tiles = tiles_of(image, 32)
    groups = [place(*divmod(tile, 4), 32) for tile in reversed(kept)]
    path = write_slide(
        tmp_path / "a.dcm",
        [tiles[tile] for tile in reversed(kept)],
        SIZE,
        syntax=syntax,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=DicomSequence(groups),
    )
    with open_image(path) as source:
        assert "stores nothing for 2 of its 12 tiles" in source.warnings[0]
    expected = image.copy()
    expected[:32, 64:96] = expected[32:64, 96:] = background
    np.testing.assert_array_equal(whole(path), expected)
    with open_image(path) as source:
        found = source.read_region(0, 60, 20, 40, 30).squeeze()
    np.testing.assert_array_equal(found, expected[20:50, 60:100])


def test_tiles_off_the_grid_are_refused(tmp_path: Path) -> None:
    groups = [place(0, 0, 32), place(0, 1, 32)]
    groups[1].PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix = 30
    tiles = tiles_of(picture(size=(32, 64)), 32)
    path = write_slide(
        tmp_path / "a.dcm",
        tiles,
        (32, 64),
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=DicomSequence(groups),
    )
    with pytest.raises(SourceError, match="tiles that do not lie on a grid"):
        open_image(path)


@pytest.mark.parametrize("parts", [2, 3])
def test_parts_of_a_concatenation(tmp_path: Path, parts: int) -> None:
    tiles = tiles_of(picture(), 32)
    bounds = np.linspace(0, 12, parts + 1).astype(int)
    whole_uid = generate_uid()
    for number, (start, stop) in enumerate(pairwise(bounds.tolist())):
        path = write_slide(
            tmp_path / f"{parts - number}.dcm",
            tiles[start:stop],
            SIZE,
            ConcatenationUID=whole_uid,
            InConcatenationNumber=number + 1,
            ConcatenationFrameOffsetNumber=start,
        )
    np.testing.assert_array_equal(whole(path), picture())
    path.unlink()
    with open_image(next(tmp_path.iterdir())) as source:
        assert "stores nothing for" in source.warnings[0]


@pytest.mark.parametrize("layout", ["one file", "files", "sparse"])
def test_optical_paths_are_channels(tmp_path: Path, layout: str) -> None:
    image = picture("u2", 2)
    planes = [tiles_of(np.ascontiguousarray(image[..., i]), 32) for i in range(2)]
    lights = [optical_path("7", "DAPI"), optical_path("3", "CD8")]
    path = tmp_path / "a.dcm"
    if layout == "files":
        for name, light, tiles in zip("ab", lights, planes, strict=True):
            write_slide(tmp_path / f"{name}.dcm", tiles, SIZE, OpticalPathSequence=DicomSequence([light]))
    elif layout == "one file":
        write_slide(path, planes[0] + planes[1], SIZE, OpticalPathSequence=DicomSequence(lights))
    else:
        groups = [place(*divmod(i, 4), 32, path=light) for i in range(12) for light in ("3", "7")]
        tiles = [planes[plane][i] for i in range(12) for plane in (1, 0)]
        write_slide(
            path,
            tiles,
            SIZE,
            OpticalPathSequence=DicomSequence(lights),
            DimensionOrganizationType="TILED_SPARSE",
            PerFrameFunctionalGroupsSequence=DicomSequence(groups),
        )
    with open_image(path) as source:
        assert [look.name for look in source.looks] == ["DAPI", "CD8"]
    np.testing.assert_array_equal(whole(path), image)


def test_focal_planes_are_chosen_and_told(tmp_path: Path) -> None:
    planes = [picture("u1", 1), 255 - picture("u1", 1)]
    tiles = [tile for plane in planes for tile in tiles_of(plane, 32)]
    path = write_slide(tmp_path / "a.dcm", tiles, SIZE, TotalPixelMatrixFocalPlanes=2)
    for z in (0, 1):
        np.testing.assert_array_equal(whole(path, Z=z), planes[z])
    with open_image(path, {"Z": 1}) as source:
        assert "has 2 focal planes, of which plane 1 is shown" in source.warnings[0]
    with pytest.raises(SourceError, match="has 2 focal planes, not a plane 2"):
        open_image(path, {"Z": 2})


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless])
def test_cut_off_files_are_refused(tmp_path: Path, syntax: str) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, syntax=syntax)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(SourceError, match=r"cut off|damaged|too early"):
        open_image(path)


@pytest.mark.parametrize(
    "tags",
    [
        {"NumberOfFrames": 2_000_000_000},
        {"NumberOfFrames": -1},
        {"Rows": 65535, "Columns": 65535},
        {"TotalPixelMatrixColumns": 4_000_000_000, "TotalPixelMatrixRows": 4_000_000_000},
        {"TotalPixelMatrixColumns": 0},
        {"BitsAllocated": 24},
        {"SamplesPerPixel": 7},
    ],
)
def test_absurd_headers_are_refused(tmp_path: Path, tags: dict[str, Any]) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, **tags)
    refused = ""
    try:
        with open_image(path) as source:
            source.read_region(0, 0, 0, 10, 10)
    except SourceError as error:
        refused = str(error)
    assert path.name in refused


def test_deflated_slides_are_refused_before_they_are_inflated(tmp_path: Path) -> None:
    path = write_slide(
        tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, syntax=DeflatedExplicitVRLittleEndian
    )
    with pytest.raises(SourceError, match="deflated as a whole, which cannot be opened here"):
        open_dicom_slide(path)


def test_a_closed_slide_says_so(tmp_path: Path) -> None:
    source = open_image(write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE))
    source.close()
    with pytest.raises(SourceError, match="has been closed"):
        source.read_region(0, 0, 0, 4, 4)


@settings(max_examples=60)
@given(st.randoms(), st.sampled_from([ExplicitVRLittleEndian, JPEGLSLossless, JPEGBaseline8Bit]))
def test_damaged_slides_open_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, random: Any, syntax: str
) -> None:
    path = write_slide(
        tmp_path_factory.mktemp("damaged") / "a.dcm", tiles_of(picture(), 32), SIZE, syntax=syntax
    )
    data = bytearray(path.read_bytes())
    for _ in range(random.randint(1, 6)):
        data[random.randrange(132, len(data))] = random.randrange(256)
    path.write_bytes(data)
    refused = str(path)
    try:
        with open_dicom_slide(path) as source:
            source.read_region(0, 0, 0, min(source.width, 64), min(source.height, 64))
    except SourceError as error:
        refused = str(error)
    assert str(path) in refused


@pytest.mark.parametrize("photometric", ["HSV", "CMYK", "YBR_PARTIAL_420"])
def test_colors_that_are_not_read_are_named(tmp_path: Path, photometric: str) -> None:
    path = write_slide(
        tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, PhotometricInterpretation=photometric
    )
    with pytest.raises(SourceError, match=f"its colors are stored as {photometric}"):
        open_image(path)


def test_tags_and_streams_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    tags = {"syntax": JPEGBaseline8Bit, "PhotometricInterpretation": "RGB"}
    with open_image(write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, **tags)) as source:
        assert "its tags say that its colors are RGB" in source.warnings[0]
    tags["PhotometricInterpretation"] = "YBR_FULL_422"
    with open_image(write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE, **tags)) as source:
        assert source.warnings == ()


@pytest.mark.parametrize("side", [70_000, 4_000_000_000])
def test_sparse_slides_that_claim_millions_of_tiles_are_refused(tmp_path: Path, side: int) -> None:
    path = write_slide(
        tmp_path / "a.dcm",
        tiles_of(picture(size=(32, 32)), 32),
        (32, 32),
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=DicomSequence([place(0, 0, 32)]),
        TotalPixelMatrixColumns=side,
        TotalPixelMatrixRows=side,
    )
    with pytest.raises(SourceError, match=r"claims [\d,]+ tiles, and has 1 frames"):
        open_image(path)


def test_a_label_that_claims_a_giant_size_is_left_out(tmp_path: Path) -> None:
    path = write_slide(tmp_path / "a.dcm", tiles_of(picture(), 32), SIZE)
    write_slide(
        tmp_path / "label.dcm",
        [picture(size=(32, 32))],
        (32, 32),
        ImageType=["ORIGINAL", "PRIMARY", "LABEL", "NONE"],
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=DicomSequence([place(0, 0, 32)]),
        TotalPixelMatrixColumns=30_000,
        TotalPixelMatrixRows=30_000,
    )
    with open_image(path) as source, pytest.raises(SourceError, match="30000 x 30000 px, more than such"):
        source.associated["label"]
