"""Colors against pydicom's conversion, and against formulas written out here."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_color_lut
from pydicom.pixels.processing import convert_color_space

from tests.engine.sources.stacks.dicom.dicom_files import dataset, frame_of, layout_of
from wholefield.errors import SourceError
from wholefield.sources.dicom.colors import from_palette, rgb_of, whole_samples
from wholefield.sources.dicom.layout import UnsupportedError
from wholefield.sources.stacks.stack import AnyArray


def stored(*shape: int) -> AnyArray:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("planar", [0, 1])
def test_brightness_and_color_differences(tmp_path: Path, planar: int) -> None:
    values = stored(6, 8, 3)
    data = values if planar == 0 else values.transpose(2, 0, 1)
    image = dataset(
        values, PhotometricInterpretation="YBR_FULL", PlanarConfiguration=planar, PixelData=data.tobytes()
    )
    found = frame_of(image, 0, tmp_path)
    wanted = convert_color_space(values, "YBR_FULL", "RGB")
    # pydicom cuts where we round.
    assert np.abs(found.astype(int) - wanted).max() <= 1
    gray = rgb_of(np.array([[[100, 128, 128]]], np.uint8), "YBR_FULL", 8)
    assert gray.tolist() == [[[100, 100, 100]]]


def test_subsampled_colors(tmp_path: Path) -> None:
    """Y Y Cb Cr for two neighbors (PS3.3, section C.7.6.3.1.2)."""
    samples = stored(4, 3, 4)
    image = dataset(
        np.zeros((4, 6, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422", PixelData=samples.tobytes()
    )
    wanted = np.empty((4, 6, 3), np.uint8)
    for row in range(4):
        for pair in range(3):
            first, second, blue, red = samples[row, pair]
            wanted[row, 2 * pair] = first, blue, red
            wanted[row, 2 * pair + 1] = second, blue, red
    np.testing.assert_array_equal(whole_samples(samples.reshape(-1), 4, 6), wanted)
    np.testing.assert_array_equal(frame_of(image, 0, tmp_path), rgb_of(wanted, "YBR_FULL", 8))


def test_colors_named_subsampled_that_are_stored_whole(tmp_path: Path) -> None:
    values = stored(4, 6, 3)
    image = dataset(values, PhotometricInterpretation="YBR_FULL_422")
    np.testing.assert_array_equal(frame_of(image, 0, tmp_path), rgb_of(values, "YBR_FULL", 8))


def test_partial_range_reaches_from_black_to_white() -> None:
    ends = np.array([[[16, 128, 128], [235, 128, 128]]], np.uint8)
    assert rgb_of(ends, "YBR_PARTIAL_422", 8).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("photometric", ["HSV", "ARGB", "CMYK", "YBR_PARTIAL_420"])
def test_other_colors_are_named(photometric: str) -> None:
    with pytest.raises(UnsupportedError, match=f"its colors are stored as {photometric}"):
        rgb_of(stored(2, 2, 3), photometric, 8)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("first", [0, 3])
def test_palettes(tmp_path: Path, bits: int, first: int) -> None:
    indices = np.random.default_rng(2).integers(0, 24, (5, 7), dtype=np.uint8)
    table = np.random.default_rng(3).integers(0, 256, (16, 3)).astype(np.uint16) * (257 if bits == 16 else 1)
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for part, color in enumerate(("Red", "Green", "Blue")):
        tags[f"{color}PaletteColorLookupTableDescriptor"] = [16, first, bits]
        kind = "<u2" if bits == 16 else "u1"
        tags[f"{color}PaletteColorLookupTableData"] = table[:, part].astype(kind).tobytes()
    image = dataset(indices, **tags)
    wanted = (table if bits == 8 else table >> 8)[np.clip(indices.astype(int) - first, 0, 15)]
    np.testing.assert_array_equal(frame_of(image, 0, tmp_path), wanted)
    read = pydicom.dcmread(tmp_path / "image.dcm")
    reference = apply_color_lut(read.pixel_array, read)
    np.testing.assert_array_equal(reference >> (8 if bits == 16 else 0), wanted)
    assert layout_of(image, tmp_path).channels == 3


def test_a_palette_that_is_too_short_or_missing(tmp_path: Path) -> None:
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    with pytest.raises(SourceError, match="the red part of its palette is missing"):
        layout_of(dataset(stored(3, 4), **tags), tmp_path)
    for color in ("Red", "Green", "Blue"):
        tags[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tags[f"{color}PaletteColorLookupTableData"] = b"\0" * 40
    with pytest.raises(SourceError, match="red part of its palette has 40 of 256 entries"):
        layout_of(dataset(stored(3, 4), **tags), tmp_path)


def test_indices_beyond_the_palette_get_its_ends() -> None:
    palette = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    found = from_palette(np.array([-5, 0, 1, 2, 99], np.int16), 1, palette)
    assert found.tolist() == [[1, 2, 3], [1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6]]


def palette(parts: list[list[int]], firsts: tuple[int, int, int] = (0, 0, 0)) -> dict[str, Any]:
    """Tags of a palette that calls itself 16 bits deep."""
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for color, values, first in zip(("Red", "Green", "Blue"), parts, firsts, strict=True):
        tags[f"{color}PaletteColorLookupTableDescriptor"] = [len(values), first, 16]
        tags[f"{color}PaletteColorLookupTableData"] = np.array(values, "<u2").tobytes()
    return tags


def test_a_dark_part_of_a_deep_palette_is_dark(tmp_path: Path) -> None:
    image = dataset(np.array([[0, 1]], np.uint8), **palette([[0, 65535], [0, 255], [200, 512]]))
    assert frame_of(image, 0, tmp_path).tolist() == [[[0, 0, 0], [255, 0, 2]]]
    shallow = dataset(np.array([[0, 1]], np.uint8), **palette([[0, 255], [7, 8], [200, 1]]))
    assert frame_of(shallow, 0, tmp_path).tolist() == [[[0, 7, 200], [255, 8, 1]]]


def test_parts_of_a_palette_for_different_numbers_are_refused(tmp_path: Path) -> None:
    image = dataset(np.array([[0, 1]], np.uint8), **palette([[0, 1], [0, 1], [0, 1]], (0, 1, 0)))
    with pytest.raises(SourceError, match="are for different numbers"):
        layout_of(image, tmp_path)
