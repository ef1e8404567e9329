"""Segmentations of slides: class numbers, names and colors of every kind of file."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.slides.dicom.dicom_files import AnyArray, tiles_of, write_segmentation
from wholefield.errors import SourceError
from wholefield.sources import Kind, default_display, kind_of, open_image, to_display
from wholefield.sources.slides.dicom.segmentation import open_segmentation

SIZE = (35, 50)


def labels() -> AnyArray:
    values = np.zeros(SIZE, np.uint8)
    values[3:20, 5:30] = 1
    values[18:33, 25:48] = 2
    return values


def binary_frames(values: AnyArray, side: int) -> list[tuple[int, int, int, AnyArray]]:
    columns = -(-values.shape[1] // side)
    return [
        (segment, *divmod(i, columns), tile)
        for segment in (2, 1)
        for i, tile in enumerate(tiles_of((values == segment).astype(np.uint8), side))
        if tile.any()
    ]


def whole(path: Path) -> AnyArray:
    with open_segmentation(path) as source:
        return source.read_region(0, 0, 0, source.width, source.height)[..., 0]


@pytest.mark.parametrize("side", [16, 13])
def test_bits_become_class_numbers(tmp_path: Path, side: int) -> None:
    """Frames of 13 x 13 bits do not begin at whole bytes."""
    path = write_segmentation(tmp_path / "a.dcm", binary_frames(labels(), side), SIZE, ("tumor", "stroma"))
    assert kind_of(path) is Kind.IMAGE
    with open_segmentation(path) as source:
        assert [(item.value, item.name) for item in source.classes] == [(1, "tumor"), (2, "stroma")]
        assert source.classes[0].color == (255, 255, 255)
        assert (source.channels, source.dtype) == (1, np.dtype(np.uint8))
        assert source.spacing == pytest.approx((0.5, 0.25))
        assert source.fill == 0
    np.testing.assert_array_equal(whole(path), labels())


def test_it_is_shown_in_the_colors_of_its_classes(tmp_path: Path) -> None:
    path = write_segmentation(tmp_path / "a.dcm", binary_frames(labels(), 16), SIZE, ("tumor", "stroma"))
    with open_segmentation(path) as classes, open_image(path) as source:
        table = np.array([(0, 0, 0), *(item.color for item in classes.classes)], np.uint8)
        shown = to_display(source.read_region(0, 0, 0, 50, 35), default_display(source))
    np.testing.assert_array_equal(shown, table[labels()])


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_label_maps(tmp_path: Path, dtype: str) -> None:
    values = labels().astype(dtype)
    frames = [(1, *divmod(i, 4), tile) for i, tile in enumerate(tiles_of(values, 16))]
    bits = values.dtype.itemsize * 8
    path = write_segmentation(
        tmp_path / "a.dcm",
        frames,
        SIZE,
        ("tumor", "stroma"),
        SegmentationType="LABELMAP",
        BitsAllocated=bits,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    np.testing.assert_array_equal(whole(path), values)


def test_fractions_count_from_one_half(tmp_path: Path) -> None:
    fractions = np.random.default_rng(0).integers(0, 201, SIZE).astype(np.uint8)
    frames = [(1, *divmod(i, 4), tile) for i, tile in enumerate(tiles_of(fractions, 16))]
    path = write_segmentation(
        tmp_path / "a.dcm",
        frames,
        SIZE,
        ("tumor",),
        SegmentationType="FRACTIONAL",
        MaximumFractionalValue=200,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
    )
    np.testing.assert_array_equal(whole(path), fractions >= 100)
    with open_segmentation(path) as source:
        assert "from one half on" in source.warnings[0]


def test_overlaps_are_told_and_the_highest_number_counts(tmp_path: Path) -> None:
    first, second = np.zeros((2, 16, 16), np.uint8)
    first[:10], second[5:] = 1, 1
    path = write_segmentation(
        tmp_path / "a.dcm", [(2, 0, 0, second), (1, 0, 0, first)], (16, 16), ("a", "b"), SegmentsOverlap="YES"
    )
    expected = np.where(second, 2, first)
    np.testing.assert_array_equal(whole(path), expected)
    with open_segmentation(path) as source:
        assert "segments that overlap" in source.warnings[0]


def test_another_segmentation_of_the_series_is_not_mixed_in(tmp_path: Path) -> None:
    path = write_segmentation(tmp_path / "a.dcm", binary_frames(labels(), 16), SIZE, ("tumor", "stroma"))
    other = np.ones((16, 16), np.uint8)
    write_segmentation(tmp_path / "b.dcm", [(1, 0, 0, other)], SIZE, ("necrosis",))
    write_segmentation(tmp_path / "c.dcm", [(1, 0, 0, other)], (17, 25), ("necrosis",))
    half = labels()[::2, ::2]
    write_segmentation(tmp_path / "d.dcm", binary_frames(half, 16), (18, 25), ("tumor", "stroma"))
    np.testing.assert_array_equal(whole(path), labels())
    with open_segmentation(path) as source:
        assert [(level.width, level.height) for level in source.levels] == [(50, 35), (25, 18)]
        np.testing.assert_array_equal(source.read_region(1, 0, 0, 25, 18)[..., 0], half)


def test_without_segments_it_is_refused(tmp_path: Path) -> None:
    path = write_segmentation(tmp_path / "a.dcm", binary_frames(labels(), 16), SIZE, ("a", "b"))
    import pydicom

    dataset = pydicom.dcmread(path)
    del dataset.SegmentSequence
    dataset.save_as(path)
    with pytest.raises(SourceError, match="cannot be read as a DICOM segmentation"):
        open_segmentation(path)
