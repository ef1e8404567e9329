"""Masks as paint programs and libraries save them give the stored numbers, whatever they look like."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.engine.sources.slides.raw_tiff import COLORMAP, SHORT, packed, raw_tiff
from wholefield.errors import SettingError, SourceError
from wholefield.sources.slides.image import Description, levels_from_sizes
from wholefield.sources.slides.picture import PictureSource
from wholefield.tasks.slides.data.mask_files import open_mask

SLIDE = PictureSource(
    Path("slide.png"),
    Description("PNG", levels_from_sizes([(33, 20)]), 1, np.dtype(np.uint8), None, {}),
    np.zeros((20, 33, 1), np.uint8),
)
VALUES = np.random.default_rng(0).integers(0, 2, (20, 33)).astype(np.uint8)


def opened(path: Path) -> np.ndarray:
    with open_mask(path, SLIDE) as mask:
        assert mask.channels == 1
        return mask.read_region(0, 0, 0, mask.width, mask.height)[..., 0]


def palette(values: np.ndarray, path: Path, **options: Any) -> np.ndarray:
    image = Image.frombytes("P", values.shape[::-1], values.tobytes())
    image.putpalette([200, 10, 30, 0, 90, 250, 7, 7, 7, 255, 255, 255] + [1, 2, 3] * 252)
    image.save(path, **options)
    return values


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_gives_its_indices(tmp_path: Path, bits: int) -> None:
    values = np.random.default_rng(bits).integers(0, 2**bits, (21, 35)).astype(np.uint8)
    palette(values, tmp_path / "m.png", bits=bits)
    np.testing.assert_array_equal(opened(tmp_path / "m.png"), values)


def test_an_index_that_is_transparent_is_an_index(tmp_path: Path) -> None:
    values = palette(VALUES, tmp_path / "m.png", transparency=0)
    np.testing.assert_array_equal(opened(tmp_path / "m.png"), values)


def test_bits_are_zeros_and_ones(tmp_path: Path) -> None:
    Image.fromarray(VALUES > 0).save(tmp_path / "m.png")
    np.testing.assert_array_equal(opened(tmp_path / "m.png"), VALUES)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "i4", "f4"])
def test_stored_numbers_of_any_type(tmp_path: Path, dtype: str) -> None:
    values = VALUES.astype(dtype) * 7 - (3 if dtype[0] in "if" else 0)
    tifffile.imwrite(tmp_path / "m.tif", values, photometric="minisblack")
    np.testing.assert_array_equal(opened(tmp_path / "m.tif"), values)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("photometric", [0, 1, 3])
def test_a_tiff_gives_its_numbers_whatever_they_are_shown_as(
    tmp_path: Path, photometric: int, bits: int
) -> None:
    values = np.random.default_rng(bits).integers(0, 2**bits, (21, 35)).astype(np.uint8)
    colors = {COLORMAP: (SHORT, np.random.default_rng(0).integers(0, 65536, 3 << bits).tolist())}
    more = colors if photometric == 3 else None
    data = packed(values, bits)
    raw_tiff(tmp_path / "m.tif", data, (21, 35), photometric=photometric, bits=(bits,), more=more)
    np.testing.assert_array_equal(opened(tmp_path / "m.tif"), values)


@pytest.mark.parametrize("suffix", ["bmp", "gif"])
def test_palettes_of_other_pictures(tmp_path: Path, suffix: str) -> None:
    values = palette(VALUES, tmp_path / f"m.{suffix}")
    np.testing.assert_array_equal(opened(tmp_path / f"m.{suffix}"), values)


def test_16_bits_of_a_png(tmp_path: Path) -> None:
    values = VALUES.astype(np.uint16) * 60_001
    (tmp_path / "m.png").write_bytes(imagecodecs.png_encode(values))
    np.testing.assert_array_equal(opened(tmp_path / "m.png"), values)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_gray_that_is_stored_in_colors(tmp_path: Path, mode: str) -> None:
    Image.fromarray(VALUES * 255).convert(mode).save(tmp_path / "m.png")
    np.testing.assert_array_equal(opened(tmp_path / "m.png"), VALUES * 255)


def test_gray_colors_of_a_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", np.stack([VALUES * 255] * 3, -1), photometric="rgb")
    np.testing.assert_array_equal(opened(tmp_path / "m.tif"), VALUES * 255)
    opaque = np.stack([VALUES * 255] * 3 + [np.full_like(VALUES, 255)], -1)
    tifffile.imwrite(tmp_path / "m.tif", opaque, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(opened(tmp_path / "m.tif"), VALUES * 255)


def test_colors_and_opacities_are_no_labels(tmp_path: Path) -> None:
    colors = np.stack([VALUES, VALUES * 2, VALUES * 3], -1)
    Image.fromarray(colors).save(tmp_path / "c.png")
    tifffile.imwrite(tmp_path / "c.tif", colors, photometric="rgb")
    for name in ("c.png", "c.tif"):
        with pytest.raises(
            SettingError, match="holds colors, but labels are numbers; save it as a gray image"
        ):
            opened(tmp_path / name)
    Image.fromarray(np.stack([VALUES] * 3 + [VALUES * 255], -1)).save(tmp_path / "a.png")
    with pytest.raises(SettingError, match="is transparent in places"):
        opened(tmp_path / "a.png")


def test_damaged_and_missing(tmp_path: Path) -> None:
    palette(VALUES, tmp_path / "m.png")
    data = (tmp_path / "m.png").read_bytes()
    for length in (9, 20, 40, len(data) - 30):
        (tmp_path / "d.png").write_bytes(data[:length])
        with pytest.raises(SourceError, match=r"d\.png is a damaged PNG"):
            opened(tmp_path / "d.png")
    with pytest.raises(SourceError):
        opened(tmp_path / "absent.png")
