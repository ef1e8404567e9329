"""Pictures that are decoded at once, against readers that are not ours."""

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from wholefield.errors import SourceError
from wholefield.sources import Reading, SlideImage, default_display, open_image, questions_of, to_display
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.pictures.decoders import jpeg_is_complete


def noise(*shape: int, dtype: str = "u1") -> AnyArray:
    return np.random.default_rng(4).integers(0, 250, shape).astype(dtype)


def smooth(height: int, width: int) -> AnyArray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3, y * 5, (x + y) * 2], -1).clip(0, 255).astype(np.uint8)


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def whole(path: Path, reading: str = "") -> tuple[AnyArray, tuple[str, ...]]:
    with open_image(path, reading=reading) as source:
        return source.read_region(0, 0, 0, source.width, source.height), source.warnings


@pytest.mark.parametrize("shape", [(33, 41), (33, 41, 3)])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_png_keeps_pixels_and_type(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    image = noise(*shape, dtype=dtype)
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(image))
    with open_image(path) as source:
        assert (source.format_name, source.width, source.height) == ("PNG", 41, 33)
        assert (source.dtype, len(source.levels), source.spacing) == (image.dtype, 1, None)
        np.testing.assert_array_equal(
            source.read_region(0, 3, 5, 20, 11).squeeze(), image[5:16, 3:23].squeeze()
        )


def test_jpeg_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    image = noise(33, 41, 3)
    data = imagecodecs.jpeg8_encode(image, level=95)
    for name in ("a.jpg", "a.JPEG", "a.jfif", "a"):
        (tmp_path / name).write_bytes(data)
        with open_image(tmp_path / name) as source:
            assert source.format_name == "JPEG"
            np.testing.assert_array_equal(source.thumbnail(100), imagecodecs.jpeg8_decode(data))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("channels", [2, 4])
def test_transparent_png_lies_over_white(tmp_path: Path, channels: int, dtype: str) -> None:
    top = np.iinfo(dtype).max
    image = noise(9, 8, channels, dtype=dtype)
    image[..., -1] = np.linspace(0, top, 8)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image))
    shown, warnings = whole(tmp_path / "a.png")
    share = image[..., -1:] / top
    np.testing.assert_array_equal(shown, np.rint(image[..., :-1] * share + top * (1 - share)))
    assert warnings == ("a.png: its transparent pixels are shown over white.",)


def test_opaque_png_has_nothing_to_tell(tmp_path: Path) -> None:
    image = noise(9, 8, 4)
    image[..., 3] = 255
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image))
    shown, warnings = whole(tmp_path / "a.png")
    np.testing.assert_array_equal(shown, image[..., :3])
    assert warnings == ()


def test_one_transparent_color_of_a_png_is_white(tmp_path: Path) -> None:
    image = noise(9, 8, 3) // 100 * 100
    image[0, 0] = (100, 200, 0)
    path = saved(Image.fromarray(image), tmp_path / "a.png", transparency=(100, 200, 0))
    shown, warnings = whole(path)
    image[(image == (100, 200, 0)).all(-1)] = 255
    np.testing.assert_array_equal(shown, image)
    assert "transparent" in warnings[0]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_of_few_bits(tmp_path: Path, bits: int) -> None:
    """A chunk of pixels made by hand: no library writes gray of 2 or 4 bits."""
    values = noise(5, 11) % 2**bits
    rows = np.unpackbits(values[..., None], axis=2)[..., 8 - bits :].reshape(5, -1)
    lines = b"".join(b"\0" + row.tobytes() for row in np.packbits(rows, axis=1))
    header = struct.pack(">IIBBBBB", 11, 5, bits, 0, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        png_of((b"IHDR", header), (b"IDAT", bytes(imagecodecs.zlib_encode(lines))), (b"IEND", b""))
    )
    shown, _ = whole(path)
    np.testing.assert_array_equal(shown[..., 0], values * (255 // (2**bits - 1)))


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    import zlib

    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in chunks:
        parts.append(struct.pack(">I", len(content)) + kind + content)
        parts.append(struct.pack(">I", zlib.crc32(kind + content)))
    return b"".join(parts)


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif"])
def test_a_mask_with_a_palette_is_its_numbers(tmp_path: Path, suffix: str) -> None:
    labels = np.zeros((40, 60), np.uint8)
    labels[:, 20:40], labels[:, 40:] = 1, 2
    picture = Image.fromarray(labels, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 759)
    path = saved(picture, tmp_path / f"a.{suffix}")
    with open_image(path) as source:
        numbers = source.read_region(0, 0, 0, 60, 40)
        assert (source.channels, source.looks[0].name) == (1, "Palette")
        assert "palette=colors" in source.warnings[0]
        shown = to_display(numbers, default_display(source))
    np.testing.assert_array_equal(numbers[..., 0], labels)
    np.testing.assert_array_equal(shown, np.asarray(picture.convert("RGB")))
    np.testing.assert_array_equal(whole(path, "palette=colors")[0], shown)
    assert [question.name for question in questions_of(path)] == ["palette"]


def test_numbers_of_a_palette_are_never_averaged(tmp_path: Path) -> None:
    labels = (np.indices((64, 64)).sum(0) % 2 * 2).astype(np.uint8)
    picture = Image.fromarray(labels, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    path = saved(picture, tmp_path / "a.png")
    with open_image(path) as source:
        assert source.is_indexed
        assert set(np.unique(source.thumbnail(20))) == {0, 2}
        assert set(np.unique(source.reduced(source.read_region(0, 0, 0, 64, 64), 3))) == {0, 2}


def test_a_picture_with_a_palette_is_its_colors(tmp_path: Path) -> None:
    picture = Image.fromarray(smooth(40, 60)).quantize(200)
    path = saved(picture, tmp_path / "a.png")
    shown, warnings = whole(path)
    np.testing.assert_array_equal(shown, np.asarray(picture.convert("RGB")))
    assert "palette=indices" in warnings[0]
    np.testing.assert_array_equal(whole(path, "palette=indices")[0][..., 0], np.asarray(picture))


def test_a_network_for_colors_sees_the_colors_of_a_palette(tmp_path: Path) -> None:
    picture = Image.fromarray(smooth(40, 60)).quantize(7)
    path = saved(picture, tmp_path / "a.png")
    with open_image(path) as source:
        assert source.channels == 1
        box = SlideImage(source, channels=3).read(((0, 40), (0, 60)))
    expected = np.asarray(picture.convert("RGB")).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_allclose(box[0].numpy(), expected, atol=1e-6)


def test_transparent_numbers_of_a_palette_are_white(tmp_path: Path) -> None:
    picture = Image.fromarray(noise(9, 8) % 3, "P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    path = saved(picture, tmp_path / "a.png", transparency=bytes([0, 255, 255]))
    shown, warnings = whole(path, "palette=colors")
    assert (shown[np.asarray(picture) == 0] == 255).all()
    assert (shown[np.asarray(picture) == 2] == (70, 80, 90)).all()
    assert "transparent" in warnings[0]


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_exif_turns_a_picture_upright(tmp_path: Path, suffix: str, tag: int) -> None:
    exif = Image.Exif()
    exif[274] = tag
    path = saved(Image.fromarray(smooth(24, 40)), tmp_path / f"a.{suffix}", exif=exif)
    shown, warnings = whole(path)
    right = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if suffix != "jpg":
        from PIL import ImageOps

        with Image.open(path) as picture:
            right = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert right is not None
    assert np.abs(shown.astype(int) - right).max() <= 3
    assert any("upright" in warning for warning in warnings) == (tag > 1)


@pytest.mark.parametrize("adobe", [True, False])
def test_inks_of_a_jpeg(tmp_path: Path, adobe: bool) -> None:
    inks = Image.fromarray(np.concatenate([smooth(24, 40), smooth(24, 40)[..., :1] // 2], 2), "CMYK")
    path = saved(inks, tmp_path / "a.jpg", quality=95)
    data = path.read_bytes()
    marker = data.index(b"\xff\xee")
    if not adobe:
        path.write_bytes(data[:marker] + data[marker + 16 :])
    shown, warnings = whole(path)
    with Image.open(path) as picture:
        np.testing.assert_allclose(shown, np.asarray(picture.convert("RGB")), atol=2)
    assert "CMYK inks are shown as RGB by the usual formula" in warnings[0]


def test_jpeg_of_12_bits_and_without_loss(tmp_path: Path) -> None:
    image = noise(16, 24, dtype="u2") * 16
    for name, data in (
        ("a.jls", imagecodecs.jpegls_encode(image)),
        ("b.jpg", imagecodecs.ljpeg_encode(image, bitspersample=12)),
    ):
        (tmp_path / name).write_bytes(data)
        np.testing.assert_array_equal(whole(tmp_path / name)[0][..., 0], image)
    (tmp_path / "c.jpg").write_bytes(imagecodecs.jpeg8_encode(image, level=100, bitspersample=12))
    shown, _ = whole(tmp_path / "c.jpg")
    assert shown.dtype == np.uint16
    assert np.abs(shown[..., 0].astype(int) - image).max() <= 4


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA"])
def test_bmp_of_every_depth(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(smooth(23, 37)).convert(mode)
    path = saved(picture, tmp_path / "a.bmp")
    shown, _ = whole(path)
    wanted = "L" if mode in ("1", "L") else "RGB"
    np.testing.assert_array_equal(shown.squeeze(), np.asarray(picture.convert(wanted)))
    np.testing.assert_array_equal(
        shown.squeeze(),
        cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if wanted == "L" else cv2.IMREAD_COLOR_RGB),
    )


def test_the_first_picture_of_an_animation_is_told(tmp_path: Path) -> None:
    frames = [Image.fromarray(smooth(20, 30) // (i + 1)) for i in range(3)]
    choices: tuple[tuple[str, dict[str, Any]], ...] = (("gif", {}), ("webp", {"lossless": True}), ("png", {}))
    for suffix, options in choices:
        path = tmp_path / f"a.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], **options)
        shown, warnings = whole(path, "" if suffix == "webp" else "palette=colors")
        np.testing.assert_allclose(shown, smooth(20, 30), atol=40 if suffix == "gif" else 0)
        assert any("of which the first" in warning for warning in warnings)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(smooth(20, 30)).convert(mode)
    path = saved(picture, tmp_path / "a.webp", lossless=True)
    np.testing.assert_array_equal(whole(path)[0], smooth(20, 30))
    np.testing.assert_array_equal(imagecodecs.webp_decode(path.read_bytes())[..., :3], smooth(20, 30))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("codec", ["jp2", "j2k"])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_2000(tmp_path: Path, channels: int, codec: str, dtype: str) -> None:
    image = noise(40, 50, channels, dtype=dtype).squeeze() * (200 if dtype == "u2" else 1)
    path = tmp_path / f"a.{codec}"
    path.write_bytes(imagecodecs.jpeg2k_encode(image, level=0, codecformat=codec))
    with open_image(path) as source:
        assert (source.format_name, source.dtype) == ("JPEG 2000", image.dtype)
        np.testing.assert_array_equal(source.thumbnail(50).squeeze(), image)
    if dtype == "u1" or channels == 1:
        with Image.open(path) as picture:
            np.testing.assert_array_equal(np.asarray(picture), image)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_cut_off_pictures_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    encode = imagecodecs.png_encode if kind == "PNG" else imagecodecs.jpeg8_encode
    data = encode(noise(64, 64, 3))
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(data[: max(int(len(data) * share), 9)])
    with pytest.raises(SourceError, match=f"damaged {kind}"):
        open_image(path)


@settings(max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "WEBP", "JPEG2000"]), st.randoms(), st.booleans())
def test_damaged_pictures_open_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, random: Any, cut: bool
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(smooth(20, 30)).quantize(40).convert("RGB").save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for _ in range(random.randint(1, 5)):
        data[random.randrange(len(data))] = random.randrange(256)
    path = tmp_path_factory.mktemp("damaged") / "a.x"
    path.write_bytes(data[: random.randrange(1, len(data))] if cut else data)
    refused = str(path)
    try:
        with open_image(path) as source:
            assert source.thumbnail(30).shape[2] == source.channels
    except SourceError as error:
        refused = str(error)
    assert str(path) in refused


BOMBS = {
    "png": png_of((b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)), (b"IDAT", bytes(99))),
    "jpg": b"\xff\xd8\xff\xc0"
    + struct.pack(">HBHHB", 17, 8, 65500, 65500, 3)
    + bytes(9)
    + b"\xff\xda\0\2\xff\xd9",
    "gif": b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(90),
    "bmp": b"BM" + bytes(12) + struct.pack("<IiiHH", 40, 50000, -50000, 1, 24) + bytes(90),
    "webp": b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\xff\0\xff\xff\0" + bytes(90),
    "j2k": b"\xff\x4f\xff\x51"
    + struct.pack(">HH8IH", 47, 0, 50000, 50000, 0, 0, 50000, 50000, 0, 0, 3)
    + b"\7\1\1" * 3,
}


@pytest.mark.parametrize("suffix", list(BOMBS))
def test_bombs_are_refused_before_memory_is_taken(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(BOMBS[suffix])
    with pytest.raises(SourceError, match=r"claims \d+ x \d+ px .* as decompression bombs do"):
        open_image(tmp_path / f"a.{suffix}")


def test_a_large_mask_is_no_bomb(tmp_path: Path) -> None:
    mask = np.zeros((12000, 12000), np.uint8)
    mask[5000:6000, 5000:6000] = 255
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(mask))
    with open_image(tmp_path / "a.png") as source:
        assert source.read_region(0, 5500, 5500, 1, 1).item() == 255


def test_an_answer_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(noise(9, 8)))
    with pytest.raises(SourceError, match="palette is colors or indices, not some"):
        open_image(tmp_path / "a.png", reading=Reading({"palette": "some"}))


def test_a_closed_picture_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(noise(9, 8)))
    source = open_image(tmp_path / "a.png")
    source.close()
    with pytest.raises(SourceError, match="has been closed"):
        source.read_region(0, 0, 0, 2, 2)


def test_the_end_of_a_preview_is_not_the_end_of_the_picture() -> None:
    data = bytes(imagecodecs.jpeg8_encode(noise(64, 64, 3)))
    preview = b"\xff\xe1\x00\x06\xff\xd9\xff\xd9"
    with_preview = data[:2] + preview + data[2:]
    assert jpeg_is_complete(with_preview)
    assert jpeg_is_complete(with_preview + b"appended")
    assert not jpeg_is_complete(with_preview[:-2])
    assert not jpeg_is_complete(with_preview[:12])
