import itertools
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.export.pyramid import (
    Compression,
    Layout,
    PyramidSettings,
    TileStream,
    iterate_tiles,
    level_shapes,
    write_pyramid,
)
from wholefield.sources import ImageSource, open_source
from wholefield.sources.slides.image import AnyArray


def noise(*shape: int, dtype: str = "u1") -> AnyArray:
    return (np.random.default_rng(9).random(shape) * 250).astype(dtype)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 2000))
def test_levels_are_halves_down_to_the_coarsest(height: int, width: int, coarsest: int) -> None:
    shapes = level_shapes((height, width, 3), coarsest)
    assert shapes[0] == (height, width, 3)
    assert max(shapes[-1][:2]) <= coarsest
    for finer, coarser in itertools.pairwise(shapes):
        assert max(finer[:2]) > coarsest
        assert coarser == ((finer[0] + 1) // 2, (finer[1] + 1) // 2, 3)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("compression", [Compression.DEFLATE, Compression.ZSTD])
@pytest.mark.parametrize(("channels", "dtype"), [(1, "u1"), (3, "u1"), (2, "u2"), (1, "f4"), (3, "f4")])
def test_pixels_of_every_level(
    tmp_path: Path, layout: Layout, compression: Compression, channels: int, dtype: str
) -> None:
    image = noise(331, 277, channels, dtype=dtype)
    path = tmp_path / "a.tif"
    settings = PyramidSettings(64, compression, layout=layout, coarsest=100)
    write_pyramid(path, image, (0.5, 0.25), settings)
    with open_source(path) as source:
        assert isinstance(source, ImageSource)
        assert [(level.height, level.width) for level in source.levels] == [(331, 277), (166, 139), (83, 70)]
        assert source.format_name == ("OME-TIFF" if layout is Layout.OME else "Pyramidal TIFF")
        assert source.spacing == pytest.approx((0.5, 0.25))
        expected = image
        for index, level in enumerate(source.levels):
            pixels = source.read_region(index, 0, 0, level.width, level.height)
            assert pixels.dtype == image.dtype
            tolerance = 0.51 if image.dtype.kind == "u" else 1e-3
            np.testing.assert_allclose(pixels, expected, atol=index * tolerance)
            padded = np.pad(pixels, ((0, level.height % 2), (0, level.width % 2), (0, 0)), mode="edge")
            blocks = padded.astype(np.float64).reshape(padded.shape[0] // 2, 2, -1, 2, channels)
            expected = blocks.mean((1, 3))


def test_openslide_reads_classic_pyramids(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    image = noise(515, 769, 3)
    write_pyramid(path, image, (0.5, 0.25), PyramidSettings(coarsest=300))
    with openslide.OpenSlide(path) as slide:
        assert slide.level_dimensions == ((769, 515), (385, 258), (193, 129))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.25)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(0.5)
        np.testing.assert_array_equal(np.asarray(slide.read_region((0, 0), 0, (769, 515)))[..., :3], image)


def test_ome_layout_names_its_pixel_size(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    write_pyramid(path, noise(90, 70, 3), (0.5, 0.25), PyramidSettings(layout=Layout.OME, coarsest=50))
    with tifffile.TiffFile(path) as tiff:
        assert 'PhysicalSizeX="0.25"' in tiff.ome_metadata
        assert 'PhysicalSizeY="0.5"' in tiff.ome_metadata
        assert len(tiff.pages) == 1
        assert len(tiff.pages[0].subifds) == 1


def test_jpeg_is_close(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 300).astype(np.uint8)
    image = np.stack(np.broadcast_arrays(ramp, ramp[:200, None], np.uint8(128)), axis=-1)
    path = tmp_path / "a.tif"
    write_pyramid(path, image, None, PyramidSettings(compression=Compression.JPEG, quality=95))
    with open_source(path) as source:
        assert isinstance(source, ImageSource)
        assert source.spacing is None
        pixels = source.read_region(0, 0, 0, 300, 200).astype(int)
    assert np.abs(pixels - image).mean() < 2


def test_a_stream_is_taken_tile_by_tile(tmp_path: Path) -> None:
    image = noise(130, 100, 1)
    alive: list[int] = []

    def tiles() -> Any:
        for index, tile in enumerate(iterate_tiles(image, 32)):
            alive.append(index)
            yield tile

    stream = tiles()
    assert not alive
    write_pyramid(
        tmp_path / "a.tif", TileStream((130, 100, 1), np.uint8, stream), None, PyramidSettings(tile_size=32)
    )
    assert len(alive) == 5 * 4
    with open_source(tmp_path / "a.tif") as source:
        assert isinstance(source, ImageSource)
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 100, 130), image)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    done: list[float] = []

    def note(pixels: int, total: int) -> None:
        done.append(pixels / total)

    settings = PyramidSettings(tile_size=32, coarsest=50)
    write_pyramid(tmp_path / "a.tif", noise(130, 100), None, settings, note)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)
    assert len(done) == 20 + 6 + 2


@pytest.mark.parametrize("tile", [np.zeros((32, 32, 1), "u2"), np.zeros((31, 32, 1), "u1")])
def test_a_wrong_tile_is_refused_and_nothing_is_left(tmp_path: Path, tile: AnyArray) -> None:
    with pytest.raises(ValueError, match="the tile at"):
        write_pyramid(
            tmp_path / "a.tif",
            TileStream((64, 64, 1), np.uint8, [tile] * 4),
            settings=PyramidSettings(tile_size=32),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "reason"), [(3, "argument 2 is shorter"), (5, "more tiles than an image")])
def test_too_few_or_too_many_tiles_are_refused(tmp_path: Path, count: int, reason: str) -> None:
    tiles = [np.zeros((32, 32, 1), np.uint8)] * count
    with pytest.raises(ValueError, match=reason):
        write_pyramid(
            tmp_path / "a.tif", TileStream((64, 64, 1), np.uint8, tiles), settings=PyramidSettings(32)
        )
    assert list(tmp_path.iterdir()) == []


def test_stopping_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        if done > 0.3 * total:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_pyramid(path, noise(600, 600), None, None, stop)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("settings", "shape", "dtype", "reason"),
    [
        (PyramidSettings(tile_size=100), (9, 9, 1), "u1", "multiple of 16"),
        (PyramidSettings(tile_size=0), (9, 9, 1), "u1", "multiple of 16"),
        (PyramidSettings(quality=0), (9, 9, 1), "u1", "from 1 to 100"),
        (
            PyramidSettings(compression=Compression.JPEG),
            (9, 9, 1),
            "u2",
            "JPEG cannot hold 1 channels of uint16",
        ),
        (PyramidSettings(compression=Compression.JPEG), (9, 9, 2), "u1", "choose the compression deflate"),
        (PyramidSettings(), (0, 9, 1), "u1", "is empty"),
    ],
)
def test_settings_that_do_not_fit(
    tmp_path: Path, settings: PyramidSettings, shape: tuple[int, int, int], dtype: str, reason: str
) -> None:
    with pytest.raises(SettingError, match=reason):
        write_pyramid(tmp_path / "a.tif", np.zeros(shape, dtype), None, settings)
    assert list(tmp_path.iterdir()) == []
