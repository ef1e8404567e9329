from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st
from PySide6.QtGui import QImage

from tests.app.viewer.conftest import ArraySource
from wholefield.errors import SourceError
from wholefield.sources import ChannelDisplay
from wholefield.sources.slides.image import AnyArray
from wholefield_app.viewer.slides.decode import BLOCK, TileReader, blocks, to_image
from wholefield_app.viewer.slides.pyramid import TileKey


def read(reader: TileReader, key: TileKey) -> QImage:
    image = reader(key, never)
    assert image is not None
    return image


def never() -> bool:
    return False


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([1, 2, 4, 8, 64, 4096]))
def test_blocks_tile_the_region_on_multiples_of_the_reduction(
    width: int, height: int, reduction: int
) -> None:
    found = list(blocks(width, height, reduction))
    assert sum(block_width * block_height for _, _, block_width, block_height in found) == width * height
    for left, top, block_width, block_height in found:
        assert left % reduction == top % reduction == 0
        assert left + block_width <= width
        assert top + block_height <= height
        assert block_width % reduction == 0 or left + block_width == width
        assert block_height % reduction == 0 or top + block_height == height
        assert max(block_width, block_height) <= max(BLOCK, reduction)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (513, 7)])
def test_an_image_has_the_colors_of_its_array(
    width: int, height: int, rgb: Callable[[QImage], AnyArray]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = to_image(pixels)
    expected = pixels.copy()
    pixels[:] = 0
    assert (rgb(image) == expected).all()


def test_a_tile_of_the_finest_level_is_the_stored_pixels(
    make_source: Callable[..., ArraySource], rgb: Callable[[QImage], AnyArray]
) -> None:
    source = make_source(1301, 777)
    image = read(TileReader(source), TileKey(0, 2, 1))
    assert (rgb(image) == source.arrays[0][512:777, 1024:1301]).all()


def test_a_reduced_tile_is_the_average_whatever_the_blocks(
    make_source: Callable[..., ArraySource], rgb: Callable[[QImage], AnyArray]
) -> None:
    source = make_source(5003, 2105)
    reader = TileReader(source)
    level = reader.levels[3]
    assert (level.stored, level.reduction) == (0, 8)
    image = read(TileReader(source), TileKey(3, 0, 0))
    assert len(source.reads) > 1
    whole = source.arrays[0][:2104, :4096].astype(np.float64)
    expected = whole.reshape(263, 8, 512, 8, 3).mean(axis=(1, 3))
    assert np.abs(rgb(image)[:263] - expected).max() <= 0.5 + 1e-9


def test_a_tile_that_is_unwanted_is_given_up_between_blocks(make_source: Callable[..., ArraySource]) -> None:
    source = make_source(4200, 2100)
    reader = TileReader(source)
    answers = iter([False, False, True])
    assert reader(TileKey(len(reader.levels) - 1, 0, 0), lambda: next(answers)) is None
    assert len(source.reads) == 2


def test_a_tile_that_takes_long_is_shown_as_it_grows(
    make_source: Callable[..., ArraySource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wholefield_app.viewer.slides.decode.SHOW_EVERY_S", -1.0)
    source = make_source(4096, 4096)
    shown: list[QImage] = []
    whole = TileReader(source)(TileKey(3, 0, 0), never, shown.append)
    assert whole is not None
    assert len(shown) == len(source.reads) == 4
    opaque = [[image.pixelColor(x, y).alpha() for y in (100, 400) for x in (100, 400)] for image in shown]
    assert opaque == [[255, 0, 0, 0], [255, 255, 0, 0], [255, 255, 255, 0], [255] * 4]
    assert shown[0].pixelColor(77, 33) == whole.pixelColor(77, 33)
    assert not whole.hasAlphaChannel()


def test_gray_values_are_windowed_alike_in_every_tile(
    array_source: type[ArraySource], rgb: Callable[[QImage], AnyArray]
) -> None:
    ramp = np.linspace(1000, 5000, 1500, dtype=np.float32)[None, :, None].repeat(40, axis=0)
    source = array_source([ramp])
    reader = TileReader(source)
    tiles = [rgb(read(reader, TileKey(0, column, 0)))[0] for column in range(3)]
    row = np.concatenate(tiles).astype(int)
    assert row.shape == (1500, 3)
    assert (np.diff(row[:, 0]) >= 0).all()
    assert np.diff(row[:, 0]).max() <= 1
    assert row[0, 0] == 0
    assert row[-1, 0] == 255


def test_channels_are_shown_as_set(
    array_source: type[ArraySource], rgb: Callable[[QImage], AnyArray]
) -> None:
    values = np.zeros((10, 10, 2), np.uint16)
    values[..., 0], values[..., 1] = 100, 300
    channels = (
        ChannelDisplay("a", 0, 200, (0, 0, 255)),
        ChannelDisplay("b", 0, 600, (255, 0, 0)),
    )
    image = read(TileReader(array_source([values]), channels), TileKey(0, 0, 0))
    assert (rgb(image) == [128, 0, 128]).all()


def test_a_damaged_file_is_told_as_it_is(make_source: Callable[..., ArraySource]) -> None:
    source = make_source(100, 100)
    source.broken = {0}
    with pytest.raises(SourceError, match="damaged"):
        TileReader(source)(TileKey(0, 0, 0), never)
