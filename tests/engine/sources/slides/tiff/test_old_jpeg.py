"""JPEG in TIFF as it was until 1995, made from today's JPEG by moving its header into tags."""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.engine.sources.slides.raw_tiff import (
    BITS,
    COMPRESSION,
    HEIGHT,
    LONG,
    PHOTOMETRIC,
    ROWS,
    SAMPLES,
    SHORT,
    SUBSAMPLING,
    WIDTH,
    Tiff,
)
from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield.sources.slides.image import AnyArray

SIZE = (48, 64)


def picture(channels: int) -> AnyArray:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    color = np.stack([x * 4, y * 5, (x + y) * 2], -1).astype(np.uint8)
    return color if channels == 3 else np.ascontiguousarray(color[..., 0])


def jpeg(image: AnyArray) -> bytes:
    subsampling = "420" if image.ndim == 3 else None
    return bytes(imagecodecs.jpeg8_encode(image, level=90, subsampling=subsampling))


def page(channels: int, rows: int) -> Tiff:
    tiff = Tiff()
    for number, value in ((WIDTH, SIZE[1]), (HEIGHT, SIZE[0]), (ROWS, rows)):
        tiff.tag(number, LONG, [value])
    tiff.tag(BITS, SHORT, [8] * channels)
    tiff.tag(COMPRESSION, SHORT, [6])
    tiff.tag(PHOTOMETRIC, SHORT, [6 if channels == 3 else 1])
    tiff.tag(SAMPLES, SHORT, [channels])
    tiff.tag(512, SHORT, [1])
    if channels == 3:
        tiff.tag(SUBSAMPLING, SHORT, [2, 2])
    return tiff


def segments(stream: bytes) -> tuple[dict[int, list[bytes]], bytes, int]:
    """Contents by marker, the entropy-coded data, and where it begins."""
    found: dict[int, list[bytes]] = {}
    position = 2
    while True:
        marker, length = struct.unpack(">xBH", stream[position : position + 4])
        found.setdefault(marker, []).append(stream[position + 4 : position + 2 + length])
        position += 2 + length
        if marker == 0xDA:
            return found, stream[position:-2], position


def tables(contents: list[bytes], bodies: list[int]) -> dict[int, bytes]:
    """Tables by number from segments that may hold several; `bodies` gives their length, or is empty for codes."""
    found = {}
    for content in contents:
        while content:
            length = bodies[0] if bodies else 16 + sum(content[1:17])
            found[content[0]] = content[1 : 1 + length]
            content = content[1 + length :]
    return found


def read(path: Path) -> AnyArray:
    with open_image(path) as source:
        return source.read_region(0, 0, 0, source.width, source.height)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_whole_stream_beside_the_strip(tmp_path: Path, channels: int) -> None:
    stream = jpeg(picture(channels))
    tiff = page(channels, SIZE[0])
    at = tiff.block(stream)
    tiff.tag(513, LONG, [at])
    tiff.tag(514, LONG, [len(stream)])
    tiff.tag(273, LONG, [at + segments(stream)[2]])
    tiff.tag(279, LONG, [len(segments(stream)[1])])
    expected = imagecodecs.jpeg8_decode(stream).reshape(*SIZE, channels)
    np.testing.assert_array_equal(read(tiff.write(tmp_path / "a.tif")), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_header_stream_and_several_strips(tmp_path: Path, channels: int) -> None:
    image = picture(channels)
    strips = [jpeg(image[top : top + 16]) for top in range(0, 48, 16)]
    tiff = page(channels, 16)
    head = strips[0][: segments(strips[0])[2]]
    tiff.tag(513, LONG, [tiff.block(head)])
    tiff.tag(514, LONG, [len(head)])
    tiff.strips([segments(strip)[1] for strip in strips])
    expected = np.concatenate([imagecodecs.jpeg8_decode(strip) for strip in strips]).reshape(*SIZE, channels)
    np.testing.assert_array_equal(read(tiff.write(tmp_path / "a.tif")), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_tables_in_tags(tmp_path: Path, channels: int) -> None:
    stream = jpeg(picture(channels))
    parts, data, _ = segments(stream)
    quantization, codes = tables(parts[0xDB], [64]), tables(parts[0xC4], [])
    tiff = page(channels, SIZE[0])
    pick = [0] if channels == 1 else [0, 1, 1]
    tiff.tag(519, LONG, [tiff.block(quantization[i]) for i in pick])
    tiff.tag(520, LONG, [tiff.block(codes[i]) for i in pick])
    tiff.tag(521, LONG, [tiff.block(codes[16 + i]) for i in pick])
    tiff.strips([data])
    expected = imagecodecs.jpeg8_decode(stream).reshape(*SIZE, channels)
    np.testing.assert_array_equal(read(tiff.write(tmp_path / "a.tif")), expected)


def test_whole_streams_as_strips(tmp_path: Path) -> None:
    strips = [jpeg(picture(3)[top : top + 16]) for top in range(0, 48, 16)]
    tiff = page(3, 16)
    tiff.strips(strips)
    expected = np.concatenate([imagecodecs.jpeg8_decode(strip) for strip in strips])
    np.testing.assert_array_equal(read(tiff.write(tmp_path / "a.tif")), expected)


def test_without_any_tables_it_is_refused(tmp_path: Path) -> None:
    tiff = page(3, SIZE[0])
    tiff.strips([segments(jpeg(picture(3)))[1]])
    path = tiff.write(tmp_path / "a.tif")
    with open_image(path) as source, pytest.raises(SourceError, match="old-style JPEG has no tables"):
        source.read_region(0, 0, 0, 8, 8)


def test_the_lossless_kind_is_refused_when_opening(tmp_path: Path) -> None:
    tiff = page(3, SIZE[0])
    tiff.tag(512, SHORT, [14])
    tiff.strips([bytes(99)])
    with pytest.raises(SourceError, match="lossless or planar, which is not supported"):
        open_image(tiff.write(tmp_path / "a.tif"))
