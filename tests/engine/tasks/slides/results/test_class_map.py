"""The class of every pixel on disk: filled block by block, and written out."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.there import a
from wholefield.errors import SettingError
from wholefield.export.pyramid import Layout
from wholefield.sources import open_image
from wholefield.sources.slides.image import ClassLook
from wholefield.sources.slides.tiff.source import TiffSource
from wholefield.tasks.slides.results.class_export import write_class_image, write_class_outlines
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide

SIZE = (1031, 2051)


@pytest.fixture
def wanted() -> np.ndarray:
    classes = np.zeros(SIZE, np.uint8)
    classes[100:300, 200:900], classes[1000:, 2000:] = 1, 2
    return classes


@pytest.fixture
def found(wanted: np.ndarray) -> ClassMap:
    """A map that was filled with blocks of an odd size."""
    made = ClassMap((1, 3, *SIZE))
    for top in range(0, SIZE[0], 333):
        for left in range(0, SIZE[1], 700):
            block = wanted[top : top + 333, left : left + 700]
            logits = (block[None, None] == np.arange(3)[None, :, None, None]) * 3.0
            key = (
                slice(None),
                slice(None),
                slice(top, top + block.shape[0]),
                slice(left, left + block.shape[1]),
            )
            made[key] = logits
    made.finish()
    return made


def test_holds_the_classes_in_levels(found: ClassMap, wanted: np.ndarray) -> None:
    assert [level.shape for level in found.levels] == [SIZE, (516, 1026), (258, 513)]
    np.testing.assert_array_equal(found.levels[0], wanted)
    np.testing.assert_array_equal(found.levels[2], wanted[::4, ::4])
    assert found.counts.tolist() == np.bincount(wanted.ravel()).tolist()
    assert found.levels[0].dtype == np.uint8


def file_of(level: np.ndarray) -> Path:
    assert isinstance(level, np.memmap)
    assert level.filename is not None
    return Path(level.filename)


def test_its_file_goes_with_it() -> None:
    made = ClassMap((1, 300, 4, 4))
    folder = file_of(made.levels[0]).parent
    assert made.levels[0].dtype == np.uint16
    assert folder.is_dir()
    del made
    assert not folder.exists()


def test_a_diverged_network_is_told() -> None:
    everywhere = (slice(None), slice(None), slice(0, 1), slice(0, 1))
    with pytest.raises(SettingError, match="its training diverged"):
        ClassMap((1, 2, 1, 1))[everywhere] = np.full((1, 2, 1, 1), np.nan)


def test_exports(found: ClassMap, wanted: np.ndarray, tmp_path: Path) -> None:
    size = SIZE[1] * 2, SIZE[0] * 2
    slide = SegmentedSlide(Path("s.tif"), ("none", "gland", "spore"), found, size, (0.5, 0.25))
    assert slide.winner == "none"
    assert slide.probabilities.sum() == pytest.approx(1)
    write_class_image(tmp_path / "c.ome.tif", slide)
    with tifffile.TiffFile(tmp_path / "c.ome.tif") as tiff:
        (series,) = tiff.series
        np.testing.assert_array_equal(series.asarray(), wanted)
        assert set(np.unique(series.levels[-1].asarray())) <= {0, 1, 2}
        assert 'PhysicalSizeX="0.25"' in tiff.ome_metadata
    assert write_class_outlines(tmp_path / "c.geojson", slide) == 2
    features = json.loads((tmp_path / "c.geojson").read_text())["features"]
    (ring,) = features[0]["geometry"]["coordinates"]
    assert sorted(ring[:-1]) == [[400, 200], [400, 600], [1800, 200], [1800, 600]]


@pytest.mark.parametrize("values", [(0, 128, 255), (3, 255, 70_000), (-7, 0, 9)])
def test_the_image_holds_the_labels_that_the_masks_had(
    found: ClassMap, wanted: np.ndarray, tmp_path: Path, values: tuple[int, ...]
) -> None:
    slide = SegmentedSlide(Path("s.tif"), ("none", "gland", "spore"), found, SIZE[::-1], None, values)
    write_class_image(tmp_path / "c.ome.tif", slide)
    with tifffile.TiffFile(tmp_path / "c.ome.tif") as tiff:
        np.testing.assert_array_equal(tiff.series[0].asarray(), np.array(values)[wanted])
        for level in tiff.series[0].levels:
            assert set(np.unique(level.asarray())) <= set(values)


@pytest.mark.parametrize("values", [(), (-7, 0, 9)])
def test_names_and_colors_are_read_again(found: ClassMap, tmp_path: Path, values: tuple[int, ...]) -> None:
    names, colors = ("none", "gland & duct", 'spore "é"'), ((0, 0, 0), (255, 136, 0), (1, 2, 3))
    slide = SegmentedSlide(Path("s.tif"), names, found, SIZE[::-1], None, values, colors)
    write_class_image(tmp_path / "c.ome.tif", slide)
    with open_image(tmp_path / "c.ome.tif") as image:
        read = a(TiffSource, image).classes
    assert read == tuple(map(ClassLook, values or (0, 1, 2), names, colors))


def test_the_classic_pyramid_opens_in_openslide(found: ClassMap, wanted: np.ndarray, tmp_path: Path) -> None:
    openslide = pytest.importorskip("openslide")
    slide = SegmentedSlide(Path("s.tif"), ("none", "gland", "spore"), found, SIZE[::-1], None)
    write_class_image(tmp_path / "c.tif", slide, layout=Layout.CLASSIC)
    with openslide.OpenSlide(tmp_path / "c.tif") as there:
        assert there.dimensions == SIZE[::-1]
        assert there.level_count > 1
        pixels = np.asarray(there.read_region((0, 0), 0, (SIZE[1], SIZE[0])))[..., 0]
    np.testing.assert_array_equal(pixels, wanted)
