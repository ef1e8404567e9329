from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st

from wholefield.sources.cache import TileCache
from wholefield.sources.slides.image import AnyArray, Description, levels_from_sizes
from wholefield.sources.slides.tiled import TiledSource


class Tiles(TiledSource):
    """An array cut into tiles; at the border they are whole or cut, as files have it."""

    def __init__(self, pixels: AnyArray, tile: tuple[int, int], cut: bool, capacity: int) -> None:
        height, width, channels = pixels.shape
        levels = levels_from_sizes([(width, height)])
        description = Description("tiles", levels, channels, pixels.dtype, None, {})
        super().__init__(Path("tiles"), description, (tile,), TileCache(capacity))
        self.pixels = pixels
        self.cut = cut
        self.decoded: list[tuple[int, int]] = []

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        self.decoded.append((row, column))
        height, width = self.tile_sizes[level]
        tile = self.pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
        if self.cut:
            return tile
        missing = height - tile.shape[0], width - tile.shape[1]
        return np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=99)


@st.composite
def regions(draw: st.DrawFn) -> tuple[AnyArray, tuple[int, int], tuple[int, int, int, int]]:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    tile = draw(st.integers(1, 45)), draw(st.integers(1, 45))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    size = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
    pixels = np.arange(height * width * 2, dtype=np.uint16).reshape(height, width, 2)
    return pixels, tile, (x, y, *size)


@given(regions(), st.booleans(), st.sampled_from([0, 10_000]))
def test_regions_are_put_together_from_the_tiles_they_touch(
    case: tuple[AnyArray, tuple[int, int], tuple[int, int, int, int]], cut: bool, capacity: int
) -> None:
    pixels, (tile_height, tile_width), (x, y, width, height) = case
    source = Tiles(pixels, (tile_height, tile_width), cut, capacity)
    region = source.read_region(0, x, y, width, height)
    np.testing.assert_array_equal(region, pixels[y : y + height, x : x + width])
    rows = {row // tile_height for row in range(y, y + height)}
    columns = {column // tile_width for column in range(x, x + width)}
    assert sorted(source.decoded) == [(row, column) for row in sorted(rows) for column in sorted(columns)]


def test_a_region_belongs_to_the_caller() -> None:
    pixels = np.zeros((8, 8, 1), np.uint8)
    source = Tiles(pixels, (8, 8), False, 1000)
    source.read_region(0, 0, 0, 8, 8)[:] = 7
    assert not source.read_region(0, 0, 0, 8, 8).any()
    assert source.decoded == [(0, 0)]


def test_closing_forgets_the_tiles() -> None:
    source = Tiles(np.zeros((8, 8, 1), np.uint8), (4, 4), False, 1000)
    source.read_region(0, 0, 0, 8, 8)
    source.close()
    assert source._cache.used == 0
