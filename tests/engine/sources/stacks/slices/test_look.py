"""The look of a slice from its first bytes, against what other readers decode."""

import itertools
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st
from PIL import Image

from wholefield.sources.stacks.slices.look import SliceLook, look_of


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("bigtiff", [True, False])
@pytest.mark.parametrize(
    ("dtype", "samples"),
    [("?", ()), *((dtype, samples) for dtype in ("u1", "u2", "i2", "f4") for samples in ((), (3,), (4,)))],
)
def test_tiffs(tmp_path: Path, dtype: str, byteorder: str, bigtiff: bool, samples: tuple[int, ...]) -> None:
    pixels = np.zeros((20, 30, *samples), dtype)
    photometric = "rgb" if samples else "minisblack"
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, byteorder=byteorder, bigtiff=bigtiff, photometric=photometric
    )
    kind = "u1" if dtype == "?" else f"{dtype[0]}{np.dtype(dtype).itemsize * 8}"
    assert look_of(tmp_path / "a.tif") == SliceLook(30, 20, samples[0] if samples else 1, kind)


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        *((".png", mode) for mode in ("L", "RGB", "P", "RGBA", "I;16", "LA")),
        *((suffix, mode) for suffix in (".bmp", ".jpg", ".tif") for mode in ("L", "RGB")),
        (".bmp", "P"),
        (".tif", "P"),
    ],
)
def test_pictures_as_pillow_writes_them(tmp_path: Path, mode: str, suffix: str) -> None:
    Image.new(mode, (30, 20)).save(tmp_path / f"a{suffix}")
    samples = {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode, 1)
    kind = "u16" if mode == "I;16" else "u8"
    look = look_of(tmp_path / f"a{suffix}")
    assert look is not None
    assert (look.width, look.height, look.samples, look.kind) == (30, 20, samples, kind)
    assert look.palette == (mode == "P" or (suffix == ".bmp" and mode == "L"))


def test_what_is_cut_off_has_no_look(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 30), "u2"))
    content = path.read_bytes()
    for length in range(0, len(content) - 300, 50):
        path.write_bytes(content[:length])
        assert look_of(path) is None


@given(
    st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"\x89PNG\r\n\x1a\n", b"BM", b"\xff\xd8\xff"]),
    st.binary(max_size=200),
)
def test_nothing_that_begins_like_a_picture_breaks_it(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.mktemp("look") / "a"
    path.write_bytes(start + rest)
    look = look_of(path)
    assert look is None or look.width >= 0


def test_codecs_agree(tmp_path: Path) -> None:
    for (height, width), color in itertools.product([(20, 31), (7, 3)], [(), (3,)]):
        pixels = np.zeros((height, width, *color), "u1")
        for suffix, encode in ((".png", imagecodecs.png_encode), (".jpg", imagecodecs.jpeg8_encode)):
            (tmp_path / f"a{suffix}").write_bytes(encode(pixels))
            assert look_of(tmp_path / f"a{suffix}") == SliceLook(
                width, height, color[0] if color else 1, "u8"
            )
