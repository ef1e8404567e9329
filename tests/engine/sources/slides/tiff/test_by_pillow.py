"""TIFFs of every mode and compression that Pillow writes, against what Pillow reads."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from wholefield.sources import default_display, open_image, to_display
from wholefield.sources.slides.image import AnyArray

PLAIN = (None, "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "lzma", "zstd")
MODES = {
    "1": (*PLAIN, "group3", "group4"),
    "L": (*PLAIN, "jpeg"),
    "LA": PLAIN,
    "P": PLAIN,
    "RGB": (*PLAIN, "jpeg"),
    "RGBA": PLAIN,
    "RGBX": PLAIN,
    "CMYK": (*PLAIN, "jpeg"),
    "YCbCr": (*PLAIN, "jpeg"),
    "LAB": (*PLAIN, "jpeg"),
    "I;16": PLAIN,
    "I": PLAIN,
    "F": PLAIN,
}


def cielab(source: str, target: str) -> ImageCms.ImageCmsTransform:
    profiles = [ImageCms.createProfile("LAB" if mode == "LAB" else "sRGB") for mode in (source, target)]
    return ImageCms.buildTransform(profiles[0], profiles[1], source, target)


def applied(picture: Image.Image, source: str, target: str) -> Image.Image:
    found = ImageCms.applyTransform(picture, cielab(source, target))
    assert found is not None
    return found


def picture(mode: str) -> Image.Image:
    y, x = np.mgrid[:70, :90]
    colors = Image.fromarray(np.stack([x * 2, y * 3, (x + y)], -1).clip(0, 255).astype(np.uint8))
    opacity = Image.fromarray(np.where(y < 20, 100, 255).astype(np.uint8))
    match mode:
        case "I;16":
            return Image.fromarray((x * 300).astype(np.uint16))
        case "I":
            return Image.fromarray((x * 70000 - 9).astype(np.int32))
        case "F":
            return Image.fromarray((x / 7).astype(np.float32))
        case "P":
            return colors.quantize(60)
        case "LAB":
            return applied(colors, "RGB", "LAB")
        case "LA" | "RGBA":
            shown = colors.convert(mode)
            shown.putalpha(opacity)
            return shown
        case _:
            return colors.convert(mode)


def as_shown(picture: Image.Image) -> AnyArray:
    match picture.mode:
        case "LAB":
            return np.asarray(applied(picture, "LAB", "RGB"))
        case "LA" | "RGBA":
            glass = Image.new("RGBA", picture.size, "white")
            glass.alpha_composite(picture.convert("RGBA"))
            return np.asarray(glass.convert("L" if picture.mode == "LA" else "RGB"))
        case "1":
            return np.asarray(picture.convert("L"))
        case "P" | "CMYK" | "YCbCr" | "RGBX":
            return np.asarray(picture.convert("RGB"))
        case _:
            return np.asarray(picture)


@pytest.mark.parametrize(
    ("mode", "compression"), [(mode, name) for mode, names in MODES.items() for name in names]
)
def test_shows_what_pillow_shows(tmp_path: Path, mode: str, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    picture(mode).save(path, compression=compression)
    with Image.open(path) as stored:
        stored.load()
        right = as_shown(stored)
    with open_image(path) as source:
        shown = source.read_region(0, 0, 0, 90, 70)
        if mode == "RGBX":
            # The fourth sample is kept and adds no color.
            assert source.channels == 4
            shown = to_display(shown, default_display(source))
        told = " ".join(source.warnings)
    shown = shown.squeeze()
    assert shown.shape == right.shape
    difference = np.abs(shown.astype(np.float64) - right)
    if mode == "LAB":
        # Pillow interpolates between colors of a table, and is farther off.
        assert difference.mean() < 1
    else:
        assert difference.max() <= {"CMYK": 1, "YCbCr": 2, "LA": 1, "RGBA": 1}.get(mode, 0)
    words = {"CMYK": "CMYK inks", "LA": "over white", "RGBA": "over white"}
    assert words.get(mode, "") in told
