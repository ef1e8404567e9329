"""Inks by an ICC profile of our own making, against the color management of Pillow."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from wholefield.sources import open_image
from wholefield.sources.slides.colors.cmyk import inks_to_rgb, is_cmyk_profile, profiled_inks_to_rgb


def press() -> bytes:
    """A profile with a table of the 16 full overprints: black is deep, yellow is warm."""
    corners = []
    for number in range(16):
        c, m, y, k = (number >> shift & 1 for shift in (3, 2, 1, 0))
        lightness = max(95 - 35 * c - 40 * m - 8 * y, 10) * (0.1 if k else 1)
        a, b = (-30 * c + 70 * m - 5 * y) * (1 - k), (-45 * c - 5 * m + 80 * y) * (1 - k)
        corners += [round(lightness * 2.55), round(a) + 128, round(b) + 128]
    identity = b"".join(struct.pack(">i", 65536 if i % 4 == 0 else 0) for i in range(9))
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + bytes(corners) + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    table += bytes(-len(table) % 4)
    tags = [(b"A2B0", table), (b"A2B1", table), (b"wtpt", white)]
    at = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        directory += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = bytearray(128)
    head[8:12], head[12:24], head[36:40] = b"\x02\x10\0\0", b"prtrCMYKLab ", b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    head[0:4] = struct.pack(">I", 128 + len(directory) + len(body))
    return bytes(head) + directory + body


@pytest.fixture
def inks() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 4)).astype(np.uint8)


def test_a_profile_in_the_file_decides(
    tmp_path: Path, inks: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, inks, photometric="separated", iccprofile=press(), tile=(16, 16))
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(press())),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    applied = ImageCms.applyTransform(Image.fromarray(inks, "CMYK"), transform)
    assert applied is not None
    with open_image(path) as source:
        shown = source.read_region(0, 0, 0, 30, 20)
        assert source.is_rgb
        assert "by the ICC profile in the file" in source.warnings[0]
    assert np.abs(shown.astype(int) - np.asarray(applied)).max() <= 2
    assert np.abs(shown.astype(int) - inks_to_rgb(inks)).max() > 20


def test_sixteen_bits_are_the_same_colors(inks: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    wide = profiled_inks_to_rgb(inks.astype(np.uint16) * 257, press())
    assert wide.dtype == np.uint16
    assert np.abs(wide / 257 - profiled_inks_to_rgb(inks, press())).max() <= 2


def test_only_a_profile_of_four_inks_is_one() -> None:
    assert is_cmyk_profile(press())
    assert not is_cmyk_profile(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not is_cmyk_profile(None)
    assert not is_cmyk_profile(b"CMYK")
