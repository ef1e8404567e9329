"""Single tiles of TIFF pages, put together again, against the whole page as tifffile decodes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff import plane as tiff_plane
from wholefield.sources.slides.tiff.plane import ByteReader, TiffPlane


def noise(*shape: int, dtype: str = "u1") -> AnyArray:
    return (np.random.default_rng(3).random(shape) * 250).astype(dtype)


@contextmanager
def opened(path: Path, page: int = 0) -> Iterator[tuple[TiffPlane, ByteReader, Any]]:
    tiff = tifffile.TiffFile(path)
    reader = ByteReader(path, tiff)
    try:
        yield TiffPlane(tiff.pages[page], reader), reader, tiff.pages[page]
    finally:
        reader.close()


def joined(plane: TiffPlane, height: int, width: int) -> AnyArray:
    """All tiles in their places; what of them lies beyond the border is cut off."""
    whole = np.zeros((height, width, plane.channels), plane.dtype)
    tall, wide = plane.tile_size
    for row in range(-(-height // tall)):
        for column in range(-(-width // wide)):
            place = whole[row * tall :, column * wide :][:tall, :wide]
            place[...] = plane.decode(row, column)[: place.shape[0], : place.shape[1]]
    return whole


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(
    "layout",
    [
        {"tile": (32, 48)},
        {"tile": (32, 48), "compression": "deflate", "predictor": True},
        {"rowsperstrip": 7},
        {"rowsperstrip": 7, "compression": "lzw"},
        {},
    ],
    ids=["tiles", "predicted tiles", "strips", "packed strips", "one strip"],
)
def test_tiles_make_the_page(tmp_path: Path, layout: dict[str, Any], planar: str, byteorder: Any) -> None:
    pixels = noise(67, 91, 3, dtype="u2")
    data = pixels if planar == "contig" else np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", data, byteorder=byteorder, photometric="rgb", planarconfig=planar, **layout
    )
    with opened(tmp_path / "a.tif") as (plane, reader, _):
        assert (plane.channels, plane.dtype) == (3, np.dtype("u2"))
        assert plane.dtype.isnative
        np.testing.assert_array_equal(joined(plane, 67, 91), pixels)
        assert plane.has_every_segment()
        assert 67 * 91 < plane.byte_end() <= reader.size


def test_a_page_in_one_piece_is_read_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise(67, 91)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    monkeypatch.setattr(tiff_plane, "BAND_BYTES", 91 * 10 + 5)
    with opened(tmp_path / "a.tif") as (plane, _, page):
        assert plane.tile_size == (10, 91)
        assert plane.decode(6, 0).shape == (7, 91, 1)
        np.testing.assert_array_equal(joined(plane, 67, 91)[..., 0], pixels)
        assert plane.byte_end() == page.dataoffsets[0] + pixels.nbytes
    monkeypatch.setattr(tiff_plane, "BAND_BYTES", 1)
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        assert plane.tile_size == (1, 91)


def test_later_planes_of_one_page(tmp_path: Path) -> None:
    """As ImageJ writes stacks above 4 GB: one page, and the other planes behind it."""
    pixels = noise(4, 19, 23, dtype="u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, truncate=True)
    tiff = tifffile.TiffFile(tmp_path / "a.tif")
    reader = ByteReader(tmp_path / "a.tif", tiff)
    page = tiff.pages.first
    first = int(page.dataoffsets[0])
    for index in range(4):
        plane = TiffPlane(page, reader, offset=first + index * 19 * 23 * 2)
        np.testing.assert_array_equal(joined(plane, 19, 23)[..., 0], pixels[index])
    reader.close()


def test_palettes_show_their_colors(tmp_path: Path) -> None:
    pixels = noise(20, 30)
    colors = np.random.default_rng(1).integers(0, 2**16, (3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="palette", colormap=colors, tile=(16, 16))
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        assert (plane.channels, plane.dtype) == (3, np.dtype("u1"))
        np.testing.assert_array_equal(joined(plane, 20, 30), np.moveaxis(colors[:, pixels] // 256, 0, -1))


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_white_that_is_zero_is_turned_over_in_whole_numbers(tmp_path: Path, dtype: str) -> None:
    pixels = noise(20, 30, dtype=dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", tile=(16, 16))
    expected = pixels if dtype == "f4" else np.iinfo(dtype).max - pixels
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        np.testing.assert_array_equal(joined(plane, 20, 30)[..., 0], expected)


def test_single_bits_are_black_and_white(tmp_path: Path) -> None:
    pixels = noise(20, 30) > 120
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        assert plane.dtype == np.uint8
        np.testing.assert_array_equal(joined(plane, 20, 30)[..., 0], np.where(pixels, 255, 0))


@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha", "unspecified"])
def test_what_is_transparent_lies_over_white(tmp_path: Path, kind: str) -> None:
    pixels = noise(20, 30, 4)
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=[kind], tile=(16, 16))
    color, opacity = pixels[..., :3].astype(float), pixels[..., 3:] / 255
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        found = joined(plane, 20, 30)
    if kind == "unspecified":
        np.testing.assert_array_equal(found, pixels)
        return
    over = (color if kind == "assocalpha" else color * opacity) + 255 * (1 - opacity)
    np.testing.assert_allclose(found, over, atol=0.5 + 1e-9)


@pytest.mark.parametrize(("channels", "dtype", "fill"), [(3, "u1", 255), (1, "u1", 0), (3, "u2", 0)])
def test_tiles_that_a_scanner_left_out(tmp_path: Path, channels: int, dtype: str, fill: int) -> None:
    tiles = [np.full((16, 16, channels), 7, dtype), None, None, np.full((16, 16, channels), 9, dtype)]
    tifffile.imwrite(
        tmp_path / "a.tif", iter(tiles), shape=(32, 32, channels), dtype=dtype, tile=(16, 16),
        photometric="rgb" if channels == 3 else "minisblack", compression="deflate",
    )  # fmt: skip
    with opened(tmp_path / "a.tif") as (plane, _, _page):
        found = [plane.decode(row, column) for row in range(2) for column in range(2)]
    assert [set(np.unique(tile)) for tile in found] == [{7}, {fill}, {fill}, {9}]


def test_a_damaged_tile_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise(40, 40), tile=(16, 16), compression="deflate")
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages.first.dataoffsets[5]
    content = bytearray(path.read_bytes())
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content)
    with opened(path) as (plane, _, _page):
        plane.decode(1, 1)
        with pytest.raises(SourceError, match=r"is damaged: the tile in row 1, column 2 cannot be decoded"):
            plane.decode(1, 2)


def test_bytes_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise(5, 5))
    with opened(path) as (plane, reader, page):
        assert reader.holds(page)
        assert reader.read(0, 2) in (b"II", b"MM")
        with pytest.raises(SourceError, match=r"a\.tif ends too early; copy it again"):
            reader.read(reader.size - 1, 2)
        reader.close()
        reader.close()
        with pytest.raises(SourceError, match=r"a\.tif has been closed"):
            plane.decode(0, 0)
