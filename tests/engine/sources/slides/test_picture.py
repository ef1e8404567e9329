from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.picture import jpeg_is_complete, without_alpha


def noise(*shape: int, dtype: str = "u1") -> AnyArray:
    return np.random.default_rng(4).integers(0, 250, shape).astype(dtype)


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


def test_transparent_png_lies_over_white(tmp_path: Path) -> None:
    image = noise(9, 8, 4)
    image[..., 3] = 0
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image))
    with open_image(tmp_path / "a.png") as source:
        assert source.is_rgb
        assert (source.thumbnail(9) == 255).all()


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_opacity_is_no_channel(channels: int, kept: int) -> None:
    assert without_alpha(noise(3, 4, channels, dtype="u2")).shape == (3, 4, kept)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_cut_off_pictures_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    encode = imagecodecs.png_encode if kind == "PNG" else imagecodecs.jpeg8_encode
    data = encode(noise(64, 64, 3))
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(data[: max(int(len(data) * share), 9)])
    with pytest.raises(SourceError, match=f"damaged {kind}"):
        open_image(path)


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
