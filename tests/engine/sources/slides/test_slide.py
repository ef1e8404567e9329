"""The own reader and OpenSlide have to agree on every pixel of the files that both read."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.export.pyramid import Compression, PyramidSettings, write_pyramid
from wholefield.sources import ImageSource, open_image
from wholefield.sources.slides.slide import SlideSource, open_slide, slide_vendor
from wholefield.sources.slides.tiff.source import TiffSource, open_tiff

SPACING = pytest.approx((0.499, 0.499), rel=1e-6)


def compare(first: ImageSource, second: ImageSource, tolerance: int = 0, count: int = 12) -> None:
    """Compare regions of random odd sizes, also across the border and wholly outside, on all shared levels."""
    rng = np.random.default_rng(11)
    assert (first.width, first.height) == (second.width, second.height)
    for index, level in enumerate(first.levels[: len(second.levels)]):
        for _ in range(count):
            width, height = (int(side) for side in rng.integers(1, 400, 2))
            x = int(rng.integers(-width - 20, level.width + 20))
            y = int(rng.integers(-height - 20, level.height + 20))
            one = first.read_region(index, x, y, width, height)
            other = second.read_region(index, x, y, width, height)
            assert one.shape == other.shape == (height, width, 3)
            assert np.abs(one.astype(int) - other).max() <= tolerance


@pytest.mark.data
def test_svs_by_both_readers(data_folder: Path) -> None:
    path = data_folder / "slides" / "CMU-1-Small-Region.svs"
    with open_image(path) as own, open_slide(path) as reference:
        assert isinstance(own, TiffSource)
        assert own.format_name == reference.format_name == "Aperio SVS"
        assert own.spacing == reference.spacing == SPACING
        assert own.metadata["AppMag"] == "20"
        compare(own, reference, count=40)


@pytest.mark.data
def test_pyramid_by_both_readers(data_folder: Path) -> None:
    path = data_folder / "slides" / "cmu_mini_pyramid.tif"
    with open_image(path) as own, open_slide(path) as reference:
        assert own.levels == reference.levels
        assert own.spacing == reference.spacing == SPACING
        compare(own, reference)


@pytest.mark.data
def test_ome_tiff_has_the_levels_that_openslide_misses(data_folder: Path) -> None:
    folder = data_folder / "slides"
    with (
        open_image(folder / "cmu_mini.ome.tif") as ome,
        open_image(folder / "cmu_mini_pyramid.tif") as classic,
        open_slide(folder / "cmu_mini.ome.tif") as reference,
    ):
        assert (len(ome.levels), len(reference.levels)) == (3, 1)
        assert ome.spacing == SPACING
        compare(ome, classic)
        compare(ome, reference)


@pytest.mark.data
@pytest.mark.parametrize(("name", "kind"), [("cmu_mini.ndpi", "Hamamatsu"), ("cmu_mini.mrxs", "MIRAX")])
def test_scanner_formats_hold_the_same_picture(data_folder: Path, name: str, kind: str) -> None:
    folder = data_folder / "slides"
    with (
        open_image(folder / name) as scanner,
        open_image(folder / "cmu_mini_pyramid.tif") as classic,
    ):
        assert isinstance(scanner, SlideSource)
        assert scanner.format_name == kind
        assert scanner.spacing == SPACING
        one = scanner.read_region(0, 300, 411, 901, 777).astype(int)
        differences = {
            (x, y): np.abs(one - classic.read_region(0, 300 + x, 411 + y, 901, 777)).mean()
            for x in (-1, 0, 1)
            for y in (-1, 0, 1)
        }
        # Each was compressed as JPEG for itself, so that they differ a little, but least where they coincide.
        assert min(differences, key=differences.__getitem__) == (0, 0)
        assert differences[0, 0] < 4 < min(value for shift, value in differences.items() if shift != (0, 0))


@pytest.mark.data
def test_dicom_holds_the_pixels_of_the_svs(data_folder: Path) -> None:
    folder = data_folder / "slides"
    with (
        open_image(folder / "dicomwsi" / "level0.dcm") as dicom,
        open_image(folder / "CMU-1-Small-Region.svs") as svs,
        open_image(folder / "dicomwsi") as by_folder,
    ):
        assert dicom.format_name == by_folder.format_name == "DICOM whole slide"
        assert dicom.spacing == SPACING
        compare(dicom, svs)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "channels", "levels"), [("yb10kx5k.zstd.tiff", 3, 5), ("grey10kx5k.tif", 1, 1)]
)
def test_large_images_are_read_in_part(data_folder: Path, name: str, channels: int, levels: int) -> None:
    with open_image(data_folder / "slides" / "large_image" / name) as source:
        assert (source.width, source.height, source.channels) == (10000, 5000, channels)
        assert len(source.levels) == levels
        assert source.spacing is None
        corner = source.read_region(0, 9990, 4990, 20, 20)
        assert (corner[:10, :10].std() > 0) or channels == 1
        assert (corner[10:] == source.fill).all()


@pytest.mark.parametrize("compression", [Compression.JPEG, Compression.DEFLATE])
def test_levels_by_both_readers(tmp_path: Path, compression: Compression) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (512 + 96, 768, 3), np.uint8)
    path = tmp_path / "a.tif"
    settings = PyramidSettings(tile_size=128, compression=compression, coarsest=200)
    write_pyramid(path, pixels, (0.25, 0.25), settings)
    assert slide_vendor(path) == "generic-tiff"
    with open_tiff(path) as own, open_slide(path) as reference:
        assert own.levels == reference.levels
        assert len(own.levels) == 3
        assert own.spacing == reference.spacing == pytest.approx((0.25, 0.25))
        compare(own, reference)


def test_level_zero_of_an_odd_pyramid_by_both_readers(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (515, 769, 3), np.uint8)
    write_pyramid(tmp_path / "a.tif", pixels, None, PyramidSettings(coarsest=10_000))
    with open_tiff(tmp_path / "a.tif") as own, open_slide(tmp_path / "a.tif") as reference:
        compare(own, reference)


def test_openslide_refusals_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    path.write_text("no slide")
    assert slide_vendor(path) is None
    with pytest.raises(SourceError, match=r"a\.svs cannot be read as a slide"):
        open_slide(path)


def test_a_closed_slide_says_so(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", np.zeros((300, 300, 3), np.uint8))
    source = open_slide(tmp_path / "a.tif")
    source.close()
    source.close()
    with pytest.raises(SourceError, match="has been closed"):
        source.read_region(0, 0, 0, 4, 4)


def test_a_damaged_slide_is_refused_when_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    write_pyramid(path, pixels, None, PyramidSettings(compression=Compression.JPEG))
    content = bytearray(path.read_bytes())
    content[3000:-8000] = bytes(len(content) - 11000)
    path.write_bytes(content)
    try:
        with open_slide(path) as source, pytest.raises(SourceError, match="is damaged"):
            source.read_region(0, 0, 0, 600, 600)
    except SourceError as error:
        assert "cannot be read as a slide" in str(error)  # noqa: PT017  (damaged enough not to open)
