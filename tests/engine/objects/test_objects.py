"""Objects: the same for any tiles, equal to scipy and scikit-image on the whole map, and written as they are."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
import zarr
from hypothesis import given, settings, strategies as st
from scipy import ndimage
from skimage.measure import label, regionprops_table

from wholefield.errors import SettingError
from wholefield.objects import ObjectRules, Objects, Split, find_components, find_objects, write_objects
from wholefield.objects.components import neighborhood
from wholefield.objects.finding import split
from wholefield.sources import open_image
from wholefield.sources.rect import Rect


def reader(values: np.ndarray) -> Callable[[Rect[int]], np.ndarray]:
    return lambda rect: values[rect.y : rect.bottom, rect.x : rect.right]


def blobs(height: int, width: int, seed: int, smooth: float = 2.0) -> np.ndarray:
    """A probability map with bodies that touch, in any place."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), smooth)
    return (noise - noise.min()) / max(float(np.ptp(noise)), 1e-9)


def found_in(values: np.ndarray, tile: int, rules: ObjectRules, threshold: float = 0.55) -> Objects:
    return find_objects(
        reader(values),
        lambda part: part >= threshold,
        values.shape[:2],
        rules,
        tile=tile,
    )


def whole(objects: Objects) -> np.ndarray:
    return objects.labels(Rect(0, 0, objects.size[1], objects.size[0]))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**32), st.floats(0.2, 0.8), st.integers(1, 9),
    st.booleans(),
)  # fmt: skip
def test_components_are_those_of_the_whole(
    height: int, width: int, seed: int, share: float, tile: int, diagonal: bool
) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    found = find_components(reader(mask), mask.shape, diagonal=diagonal, tile=tile)
    labels = label(mask, connectivity=2 if diagonal else 1)
    table = regionprops_table(labels, properties=("area", "bbox"))
    assert len(found) == labels.max()
    np.testing.assert_array_equal(found.areas, table["area"])
    np.testing.assert_array_equal(found.boxes, np.stack([table[f"bbox-{side}"] for side in range(4)], 1))
    assert [labels[row, column] for row, column in found.first.tolist()] == list(range(1, len(found) + 1))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 50), st.integers(1, 50), st.integers(0, 2**32), st.integers(3, 30), st.sampled_from(Split),
    st.booleans(),
)  # fmt: skip
def test_no_tile_changes_a_label(
    height: int, width: int, seed: int, tile: int, how: Split, diagonal: bool
) -> None:
    values = blobs(height, width, seed, 1.5)
    rules = ObjectRules(diagonal, how, distance=2, smallest=2)
    one, other = found_in(values, 10**6, rules), found_in(values, tile, rules)
    np.testing.assert_array_equal(whole(one), whole(other))
    np.testing.assert_array_equal(one.measures, other.measures)
    np.testing.assert_array_equal(one.boxes, other.boxes)


@pytest.mark.parametrize("how", Split)
def test_tiles_of_128_and_512_and_the_whole(how: Split) -> None:
    values = blobs(540, 530, 4, 5)
    rules = ObjectRules(split=how, distance=6, smallest=20)
    tiles = [found_in(values, tile, rules) for tile in (128, 512, 540)]
    assert len(tiles[0]) > 50
    for other in tiles[1:]:
        np.testing.assert_array_equal(whole(tiles[0]), whole(other))
        np.testing.assert_array_equal(tiles[0].measures, other.measures)


@pytest.mark.parametrize("diagonal", [False, True])
def test_measures_are_those_of_scikit_image_on_the_whole(diagonal: bool) -> None:
    values = blobs(160, 150, 1)
    image = np.random.default_rng(0).normal(size=(160, 150, 3))
    found = find_objects(
        reader(values), lambda part: part >= 0.55, (160, 150), ObjectRules(diagonal),
        intensities=reader(image), channels=3, tile=37,
    )  # fmt: skip
    labels = label(values >= 0.55, connectivity=2 if diagonal else 1)
    np.testing.assert_array_equal(whole(found), labels)
    names = ("area", "centroid", "perimeter", "eccentricity", "intensity_mean")
    table = regionprops_table(labels, image, properties=names)
    # A circle's eccentricity is the root of a difference of rounding.
    np.testing.assert_allclose(
        np.delete(found.measures, 5, 1), np.stack(list(table.values()), 1), rtol=1e-9, atol=1e-7
    )
    for index in range(len(found)):
        squares = [shapely.box(x, y, x + 1, y + 1) for y, x in np.argwhere(found.mask(index))]
        hull = shapely.convex_hull(shapely.union_all(squares)).area
        assert found.measures[index, 5] == pytest.approx(found.measures[index, 0] / hull)
    assert found.names[-3:] == ("mean_0", "mean_1", "mean_2")


def test_touching_discs_are_split_and_nothing_is_lost() -> None:
    rows, columns = np.mgrid[:60, :90]
    discs = [np.hypot(rows - 30, columns - middle) <= 16 for middle in (25, 52)]
    mask = discs[0] | discs[1]
    rules = ObjectRules(split=Split.DISTANCE, distance=8)
    found = found_in(mask.astype(float), 40, rules)
    assert len(found) == 2
    np.testing.assert_array_equal(whole(found) > 0, mask)
    assert abs(found.measures[0, 0] - found.measures[1, 0]) < 30
    assert len(found_in(mask.astype(float), 40, ObjectRules())) == 1


def test_boundaries_of_the_map_split_where_it_is_low() -> None:
    values = np.full((30, 60), 0.9)
    values[:, 20] = 0.6
    rules = ObjectRules(split=Split.BOUNDARY, distance=5)
    labels = split(values >= 0.5, values, rules)
    assert labels.max() >= 2
    assert not set(np.unique(labels[:, :19])) & set(np.unique(labels[:, 22:]))


def test_sizes_are_filtered_and_numbers_have_no_gaps() -> None:
    values = blobs(200, 200, 3)
    every = found_in(values, 64, ObjectRules())
    areas = every.measures[:, 0]
    some = found_in(values, 64, ObjectRules(smallest=10, largest=100))
    np.testing.assert_array_equal(some.measures, every.measures[(areas >= 10) & (areas <= 100)])
    assert sorted(set(np.unique(whole(some)))) == list(range(len(some) + 1))


def test_a_map_without_objects() -> None:
    found = found_in(np.zeros((20, 30)), 16, ObjectRules())
    assert len(found) == 0
    assert not whole(found).any()


def test_files(tmp_path: Path) -> None:
    values = blobs(530, 1030, 2, 5)
    found = found_in(values, 256, ObjectRules(smallest=30))
    for name in ("a.csv", "a.geojson", "a.ome.zarr"):
        write_objects(tmp_path / name, found, (0.5, 0.5), "Nucleus")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["label"]) for row in rows] == list(range(1, len(found) + 1))
    np.testing.assert_allclose([float(row["solidity"]) for row in rows], found.measures[:, 5])
    assert float(rows[0]["area_um2"]) == int(rows[0]["area"]) * 0.25

    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    shapes = [shapely.from_geojson(json.dumps(each["geometry"])) for each in features]
    np.testing.assert_allclose([shape.area for shape in shapes], found.measures[:, 0])
    assert features[0]["properties"]["classification"] == {"name": "Nucleus"}
    boxes = np.array([shape.bounds for shape in shapes])
    np.testing.assert_array_equal(boxes[:, [1, 0, 3, 2]], found.boxes)

    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="r")
    labels = whole(found)
    for number in range(3):
        level = group[str(number)]
        assert isinstance(level, zarr.Array)
        np.testing.assert_array_equal(np.asarray(level[:]), labels[:: 2**number, :: 2**number])
    with open_image(tmp_path / "a.ome.zarr") as image:
        assert image.spacing == (0.5, 0.5)
        np.testing.assert_array_equal(image.read_region(0, 0, 0, 1030, 530)[..., 0], labels)


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="does not end in"):
        write_objects(tmp_path / "a.xls", found_in(blobs(20, 20, 0), 16, ObjectRules()))


def test_neighborhoods() -> None:
    assert (int(neighborhood(False).sum()), int(neighborhood(True).sum())) == (5, 9)
