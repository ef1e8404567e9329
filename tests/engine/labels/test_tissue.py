"""Tissue is found by its color, in fluorescence by its brightness; empty glass has none."""

import colorsys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.labels.tissue import Tissue, find_tissue, otsu, saturation, without_small
from wholefield.sources import open_image


def found_in(path: Path, **options: int) -> Tissue:
    with open_image(path) as source:
        return find_tissue(source, **options)


def write(path: Path, pixels: np.ndarray) -> Path:
    tifffile.imwrite(path, pixels, photometric="rgb" if pixels.shape[-1] == 3 else "minisblack")
    return path


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=40).filter(lambda counts: sum(map(bool, counts)) > 1)
)
def test_otsu_is_the_threshold_of_largest_variance_between(counts: list[int]) -> None:
    values = np.repeat(np.arange(len(counts)), counts).astype(np.float64)

    def between(threshold: int) -> float:
        low, high = values[values <= threshold], values[values > threshold]
        if not low.size or not high.size:
            return 0.0
        return float(low.size * high.size * (low.mean() - high.mean()) ** 2)

    assert between(otsu(np.array(counts))) == pytest.approx(max(map(between, range(len(counts)))))


def test_saturation_is_that_of_hsv() -> None:
    colors = np.random.default_rng(0).integers(0, 256, (6, 7, 3), np.uint8)
    colors[0, 0] = 0
    exact = [[colorsys.rgb_to_hsv(*(pixel / 255))[1] * 255 for pixel in row] for row in colors.astype(float)]
    assert np.abs(saturation(colors) - np.array(exact)).max() <= 0.5 + 1e-4


def test_stained_tissue_is_found_and_black_filling_is_not(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(236, 244, (300, 400, 1)).repeat(3, axis=2).astype(np.uint8)
    pixels[:, :60] = 0
    tissue = np.zeros((300, 400), bool)
    tissue[80:220, 150:330] = True
    pixels[tissue] = random.integers((170, 90, 140), (210, 130, 180), (int(tissue.sum()), 3))
    pixels[10:13, 300:303] = (200, 20, 20)
    pixels[150:153, 200:203] = 240
    path = write(tmp_path / "slide.tif", pixels)
    found = found_in(path, margin=0)
    assert (found.mask != tissue).mean() < 0.002
    assert found.mask.shape == (300, 400)
    grown = found_in(path, margin=4)
    assert grown.mask[76, 200]
    assert not grown.mask[70, 200]
    assert (grown.mask >= found.mask).all()
    # The larger part of what is no tissue is glass.
    assert np.abs(found.background - 240).max() <= 1


def test_empty_glass_has_no_tissue(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(235, 240, (200, 200, 3), np.uint8)
    assert found_in(write(tmp_path / "glass.tif", pixels)).share == 0


def test_fluorescence_glows(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).normal(200, 5, (256, 256))
    pixels[60:200, 30:180] += 3000
    found = found_in(write(tmp_path / "glow.tif", pixels.astype(np.uint16)), margin=0)
    expected = np.zeros((256, 256), bool)
    expected[60:200, 30:180] = True
    assert (found.mask != expected).mean() < 0.002
    assert found.background == pytest.approx([200], abs=2)


def test_small_objects_go() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:4, 2:4] = mask[4, 4] = mask[10:18, 10:18] = True
    kept = without_small(mask, 6)
    assert not kept[:8, :8].any()
    assert kept.sum() == 64
    assert np.array_equal(without_small(mask, 5), mask)


def test_the_resolution_follows_the_scale(tmp_path: Path) -> None:
    path = tmp_path / "scaled.tif"
    pixels = np.full((1200, 1600, 3), 240, np.uint8)
    tifffile.imwrite(path, pixels, photometric="rgb", resolution=(5000, 5000), resolutionunit="CENTIMETER")
    assert found_in(path).mask.shape == (300, 400)


@pytest.mark.data
def test_a_real_slide(data_folder: Path) -> None:
    found = found_in(data_folder / "slides" / "CMU-1-Small-Region.svs")
    assert 0.3 < found.share < 0.8
    assert (found.background > 220).all()
