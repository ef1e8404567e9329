"""Every way in which a TIFF stores gray and color, against formulas or against readers that are not ours."""

import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.engine.sources.slides.raw_tiff import (
    COLORMAP,
    EXTRA,
    INK_SET,
    ORIENTATION,
    RATIONAL,
    SHORT,
    SUBSAMPLING,
    packed,
    raw_tiff,
)
from wholefield.errors import SourceError
from wholefield.sources import Reading, open_image, questions_of
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.source import open_tiff

MINISWHITE, MINISBLACK, RGB, PALETTE, SEPARATED, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
SIZE = (37, 53)


def noise(*shape: int, top: int = 256) -> AnyArray:
    return np.random.default_rng(11).integers(0, top, shape).astype(np.uint8 if top <= 256 else np.uint16)


def shown(path: Path) -> AnyArray:
    with open_image(path) as source:
        return source.read_region(0, 0, 0, source.width, source.height)


def warnings_of(path: Path) -> str:
    with open_image(path) as source:
        return " ".join(source.warnings)


def test_without_a_compression_tag_nothing_is_compressed(tmp_path: Path) -> None:
    gray = noise(*SIZE)
    path = raw_tiff(tmp_path / "a.tif", gray.tobytes(), SIZE, photometric=MINISBLACK, compression=None)
    with open_image(path) as source:
        assert source.metadata["compression"] == "NONE"
    np.testing.assert_array_equal(shown(path)[..., 0], gray)


@pytest.mark.parametrize("photometric", [MINISWHITE, MINISBLACK])
@pytest.mark.parametrize("bits", [1, 2, 4])
def test_gray_of_few_bits_has_the_full_scale(tmp_path: Path, bits: int, photometric: int) -> None:
    values = noise(*SIZE, top=2**bits)
    path = raw_tiff(tmp_path / "a.tif", packed(values, bits), SIZE, photometric=photometric, bits=(bits,))
    step = 255 // (2**bits - 1)
    expected = values * step if photometric == MINISBLACK else 255 - values * step
    np.testing.assert_array_equal(shown(path)[..., 0], expected)
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("L")), expected)


@pytest.mark.parametrize("photometric", [MINISWHITE, MINISBLACK])
def test_twelve_bits_keep_their_numbers(tmp_path: Path, photometric: int) -> None:
    values = noise(36, 54, top=4096)
    halves = np.unpackbits(values.astype(">u2").view(np.uint8).reshape(36, -1, 2), axis=2)
    data = np.packbits(halves[..., 4:].reshape(36, -1), axis=1).tobytes()
    path = raw_tiff(tmp_path / "a.tif", data, (36, 54), photometric=photometric, bits=(12,))
    np.testing.assert_array_equal(shown(path)[..., 0], values if photometric == MINISBLACK else 4095 - values)


def test_signed_values_of_which_low_is_white_are_kept_and_told(tmp_path: Path) -> None:
    image = noise(*SIZE).astype(np.int16) - 100
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image, photometric="miniswhite")
    np.testing.assert_array_equal(shown(path)[..., 0], image)
    assert "low values are white" in warnings_of(path)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 8])
def test_palettes_of_every_depth(tmp_path: Path, bits: int) -> None:
    values, colors = noise(*SIZE, top=2**bits), noise(3, 2**bits, top=65536)
    colors[0, 0] = 65535
    more = {COLORMAP: (SHORT, colors.ravel().tolist())}
    path = raw_tiff(
        tmp_path / "a.tif", packed(values, bits), SIZE, photometric=PALETTE, bits=(bits,), more=more
    )
    np.testing.assert_array_equal(shown(path), (colors >> 8)[:, values].transpose(1, 2, 0))
    with open_tiff(path, Reading.parse("palette=indices")) as source:
        assert source.channels == 1
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 53, 37)[..., 0], values)
        assert source.looks[0].palette is not None
        assert source.looks[0].palette[1] == tuple((colors >> 8)[:, 1].tolist())
    assert [question.name for question in questions_of(path)] == ["palette"]
    with pytest.raises(SourceError, match="palette is colors or indices, not some"):
        open_tiff(path, Reading({"palette": "some"}))


def test_a_palette_of_8_bits_is_taken_as_such(tmp_path: Path) -> None:
    values, colors = noise(*SIZE), noise(3, 256).astype(np.uint16)
    more = {COLORMAP: (SHORT, colors.ravel().tolist())}
    path = raw_tiff(tmp_path / "a.tif", values.tobytes(), SIZE, photometric=PALETTE, more=more)
    np.testing.assert_array_equal(shown(path), colors[:, values].transpose(1, 2, 0))


def test_channels_with_palettes_of_their_own_are_channels(tmp_path: Path) -> None:
    """Some microscopes give each channel of numbers a palette from black to the color of its dye."""
    values = noise(3, *SIZE)
    path = tmp_path / "a.ome.tif"
    ramp = (np.arange(256) * 257).astype(np.uint16)
    red, green = np.zeros((3, 256), np.uint16), np.zeros((3, 256), np.uint16)
    red[0], green[1] = ramp, ramp
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(values, photometric="palette", colormap=red, metadata={"axes": "CYX"})
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[1].aspage().tags["ColorMap"].valueoffset
    content = path.read_bytes()
    path.write_bytes(content[:place] + green.astype("<u2").tobytes() + content[place + green.nbytes :])
    with open_tiff(path) as source:
        assert (source.channels, source.dtype) == (3, np.dtype(np.uint8))
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 53, 37), values.transpose(1, 2, 0))
        assert [look.color for look in source.looks] == [(255, 0, 0), (0, 255, 0), (0, 255, 0)]


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_gray_with_opacity_lies_over_white(tmp_path: Path, dtype: Any, top: int) -> None:
    gray, opacity = noise(2, *SIZE, top=top + 1).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.stack([gray, opacity], -1), photometric="minisblack", extrasamples=["unassalpha"]
    )
    share = opacity / top
    with open_image(path) as source:
        assert (source.channels, source.dtype) == (1, dtype)
        assert "transparent ones are shown over white" in source.warnings[0]
    np.testing.assert_array_equal(shown(path)[..., 0], np.rint(gray * share + top * (1 - share)))


def test_opacity_of_floats_is_left_out_and_told(tmp_path: Path) -> None:
    image = np.random.default_rng(0).random((*SIZE, 4)).astype(np.float32)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(shown(path), image[..., :3])
    assert "left out" in warnings_of(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_inks_take_their_share_of_white(tmp_path: Path, dtype: Any, planar: str) -> None:
    top = np.iinfo(dtype).max
    inks = noise(*SIZE, 4, top=top + 1).astype(dtype)
    data = inks if planar == "contig" else np.moveaxis(inks, -1, 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, photometric="separated", planarconfig=planar, tile=(16, 16))
    left = top - inks.astype(np.uint64)
    np.testing.assert_array_equal(shown(path), left[..., :3] * left[..., 3:] // top)
    assert "CMYK inks without a profile" in warnings_of(path)


def test_inks_agree_with_libtiff(tmp_path: Path) -> None:
    inks = noise(*SIZE, 4)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, inks, photometric="separated")
    np.testing.assert_array_equal(shown(path), cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))


def test_other_inks_stay_channels(tmp_path: Path) -> None:
    inks = noise(*SIZE, 4)
    path = raw_tiff(
        tmp_path / "a.tif",
        inks.tobytes(),
        SIZE,
        photometric=SEPARATED,
        bits=(8,) * 4,
        more={INK_SET: (SHORT, [2])},
    )
    np.testing.assert_array_equal(shown(path), inks)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", [CIELAB, ICCLAB])
def test_gray_and_white_in_cielab(tmp_path: Path, photometric: int, bits: int) -> None:
    """Without color differences the brightness alone counts, whatever the white point."""
    lightness = np.linspace(0, 100, 53)
    top = 255 if bits == 8 else 65280 if photometric == ICCLAB else 65535
    neutral = 0 if photometric == CIELAB else 128 << (bits - 8)
    lab = np.full((37, 53, 3), neutral, f"u{bits // 8}")
    lab[..., 0] = np.rint(lightness / 100 * top)
    exact = lab[0, :, 0] / top * 100
    luminance = np.where(exact > 8, ((exact + 16) / 116) ** 3, exact / 903.3)
    curved = np.where(luminance > 0.0031308, 1.055 * luminance ** (1 / 2.4) - 0.055, 12.92 * luminance)
    path = raw_tiff(tmp_path / "a.tif", lab.tobytes(), SIZE, photometric=photometric, bits=(bits,) * 3)
    picture = shown(path)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(picture[0], np.repeat(curved[:, None] * 255, 3, 1), atol=0.6)


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (1, 2)])
def test_subsampled_color_differences(tmp_path: Path, across: int, down: int, compression: int) -> None:
    height, width = SIZE
    rows, columns = -(-height // down), -(-width // across)
    y = noise(rows * down, columns * across)
    cb, cr = np.random.default_rng(2).integers(60, 200, (2, rows, columns)).astype(np.uint8)
    units = y.reshape(rows, down, columns, across).swapaxes(1, 2).reshape(rows, columns, -1)
    data = np.concatenate([units, cb[..., None], cr[..., None]], 2).tobytes()
    path = raw_tiff(
        tmp_path / "a.tif",
        zlib.compress(data) if compression == 8 else data,
        SIZE,
        photometric=YCBCR,
        bits=(8, 8, 8),
        compression=compression,
        more={SUBSAMPLING: (SHORT, [across, down])},
    )
    blue, red = (part.repeat(down, 0).repeat(across, 1).astype(float) - 128 for part in (cb, cr))
    exact = np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], -1)
    picture = shown(path)
    assert np.abs(picture - np.clip(exact, 0, 255)[:height, :width]).max() <= 0.51
    other = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if other is not None:
        assert np.abs(picture.astype(int) - other).max() <= 2


def test_brightness_from_16_to_235(tmp_path: Path) -> None:
    ycc = np.array([[[16, 128, 128], [235, 128, 128], [126, 128, 128]]], np.uint8)
    levels = [(value, 1) for value in (16, 235, 128, 240, 128, 240)]
    path = raw_tiff(
        tmp_path / "a.tif",
        ycc.tobytes(),
        (1, 3),
        photometric=YCBCR,
        bits=(8, 8, 8),
        more={SUBSAMPLING: (SHORT, [1, 1]), 532: (RATIONAL, levels)},
    )
    assert shown(path).tolist() == [[[0] * 3, [255] * 3, [128] * 3]]


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("tag", range(1, 9))
def test_every_orientation_is_turned_upright(tmp_path: Path, tag: int, tile: Any) -> None:
    image = noise(*SIZE, 3)
    path = tmp_path / "a.tif"
    options: dict[str, Any] = {"extratags": [(ORIENTATION, SHORT, 1, tag, True)], "photometric": "rgb"}
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(image, subifds=1, tile=tile, resolution=(20000, 40000), resolutionunit=3, **options)
        tiff.write(image[::2, ::2], subfiletype=1, tile=tile, **options)
    with Image.open(path) as picture:
        right = np.asarray(picture.convert("RGB"))
    with open_image(path) as source:
        np.testing.assert_array_equal(source.read_region(0, 0, 0, source.width, source.height), right)
        inside = source.read_region(0, 5, 9, 20, 11)
        np.testing.assert_array_equal(inside, right[9:20, 5:25])
        assert source.levels[1].height == -(-source.height // 2)
        assert source.spacing == pytest.approx((0.25, 0.5) if tag < 5 else (0.5, 0.25))
        assert any("orientation tag" in warning for warning in source.warnings) == (tag > 1)


@pytest.mark.parametrize(("unit", "per_unit"), [(2, 50800), (3, 20000), (4, 2000), (5, 2)])
def test_resolutions_in_every_unit(tmp_path: Path, unit: int, per_unit: int) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise(*SIZE), resolution=(per_unit, per_unit), resolutionunit=unit)
    with open_image(path) as source:
        assert source.spacing == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200])
@pytest.mark.parametrize(("unit", "inches"), [(2, 1.0), (3, 2.54)])
def test_print_resolutions_are_no_spacing(tmp_path: Path, dpi: int, unit: int, inches: float) -> None:
    path = tmp_path / "a.tif"
    value = round(dpi / inches, 2)
    tifffile.imwrite(path, noise(*SIZE), resolution=(value, value), resolutionunit=unit)
    with open_image(path) as source:
        assert source.spacing is None
        assert f"says {dpi} dpi" in source.warnings[0]


def test_an_unknown_compression_is_named_when_opening(tmp_path: Path) -> None:
    path = raw_tiff(
        tmp_path / "a.tif",
        bytes(2000),
        SIZE,
        photometric=MINISBLACK,
        compression=34676,
        more={EXTRA: (SHORT, [0])},
    )
    with pytest.raises(SourceError, match="compressed with SGILOG, which is not supported"):
        open_image(path)


def test_claims_that_no_file_can_hold_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    data = zlib.compress(bytes(1000))
    path = raw_tiff(tmp_path / "a.tif", data, (60000, 60000), photometric=RGB, bits=(8, 8, 8), compression=8)
    with pytest.raises(SourceError, match="cannot hold the 10800000000 that its"):
        open_image(path)
