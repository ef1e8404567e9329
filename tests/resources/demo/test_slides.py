"""The label of a demo slide has to be visible in its detail, and in nothing else."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize

from wholefield.sources import ImageSource, open_source
from wholefield.tasks.slides.labels import read_masks
from wholefield_resources.demo.project import DemoProject
from wholefield_resources.demo.slides import (
    INFECTED,
    NORMAL,
    SPACING_UM,
    TRUTH_FOLDER,
    DemoSettings,
    make_demo_slides,
    plan_slides,
    read_positions,
)
from wholefield_resources.demo.stamps import SPORE_RADIUS

Floats = npt.NDArray[np.float64]
Pictures = dict[str, npt.NDArray[np.uint8]]


def labels(project: DemoProject) -> dict[str, str]:
    with project.labels.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["label"] for row in csv.DictReader(file)}


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    with open_source(path) as source:
        assert isinstance(source, ImageSource)
        return source.read_region(0, 0, 0, source.width, source.height)


def color_statistics(picture: npt.NDArray[np.uint8]) -> Floats:
    """Mean, deviation and percentiles of the three colors of the picture, 16 times smaller."""
    size = picture.shape[1] // 16, picture.shape[0] // 16
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float64)
    percentiles = np.percentile(small, (5, 25, 50, 75, 95), axis=0)
    return np.concatenate([small.mean(0), small.std(0), percentiles.ravel()])


def brown_rings(picture: npt.NDArray[np.uint8]) -> Floats:
    """Share of pixels as dark and brown as the wall of a spore."""
    red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
    return np.array([np.mean((red + green + blue < 220) & (red > blue + 12))])


def fit(features: Floats, classes: Floats) -> Floats:
    """Weights and bias of a logistic regression with a quadratic penalty."""
    inputs = np.column_stack([features, np.ones(len(features))])
    signs = 2 * classes - 1

    def loss(weights: Floats) -> float:
        return float(np.logaddexp(0, -signs * (inputs @ weights)).sum() + 0.5 * (weights[:-1] ** 2).sum())

    return np.asarray(scipy.optimize.minimize(loss, np.zeros(inputs.shape[1])).x)


def accuracy_left_out(features: Floats, classes: Floats, folds: int = 6) -> float:
    """Accuracy on slides that the regression has not seen, folds holding equally many of both classes."""
    order = np.argsort(classes, kind="stable")
    fold = np.empty(len(classes), int)
    fold[order] = np.arange(len(classes)) % folds
    right = 0
    for held in range(folds):
        known, asked = fold != held, fold == held
        mean, deviation = features[known].mean(0), features[known].std(0) + 1e-9
        weights = fit((features[known] - mean) / deviation, classes[known])
        scores = (features[asked] - mean) / deviation @ weights[:-1] + weights[-1]
        right += int(((scores > 0) == classes[asked]).sum())
    return right / len(classes)


@pytest.fixture(scope="module")
def pictures(made_project: DemoProject) -> Pictures:
    return {name: pixels(made_project.slides / name) for name in labels(made_project)}


def test_colors_of_a_small_picture_do_not_tell_the_class(
    made_project: DemoProject, pictures: Pictures
) -> None:
    names = sorted(pictures)
    given = labels(made_project)
    classes = np.array([given[name] == INFECTED for name in names], np.float64)
    statistics = np.array([color_statistics(pictures[name]) for name in names])
    assert accuracy_left_out(statistics, classes) <= 0.65
    assert accuracy_left_out(statistics[:, :3], classes) <= 0.65


def test_the_detail_tells_the_class(made_project: DemoProject, pictures: Pictures) -> None:
    names = sorted(pictures)
    given = labels(made_project)
    classes = np.array([given[name] == INFECTED for name in names], np.float64)
    rings = np.array([brown_rings(pictures[name]) for name in names])
    assert accuracy_left_out(rings, classes) >= 0.95


def test_both_classes_are_equally_many(made_project: DemoProject) -> None:
    values = list(labels(made_project).values())
    assert values.count(NORMAL) == values.count(INFECTED) == len(values) // 2


def test_slides_are_pyramids_of_different_odd_sizes(made_project: DemoProject) -> None:
    sizes = set()
    for name in labels(made_project):
        with open_source(made_project.slides / name) as source:
            assert isinstance(source, ImageSource)
            sizes.add((source.width, source.height))
            assert source.format_name == "Pyramidal TIFF"
            assert len(source.levels) >= 3
            assert source.spacing == pytest.approx((SPACING_UM, SPACING_UM))
    assert all(width % 2 and height % 2 for width, height in sizes)
    assert len(sizes) == len(labels(made_project))


def test_positions_are_where_the_rings_are(made_project: DemoProject, pictures: Pictures) -> None:
    given = labels(made_project)
    positions = read_positions(made_project.positions)
    assert {row.file for row in positions} == {name for name, label in given.items() if label == INFECTED}
    found = 0
    for row in positions:
        x, y = round(row.x), round(row.y)
        reach = round(SPORE_RADIUS)
        box = pictures[row.file][y - reach : y + reach + 1, x - reach : x + reach + 1]
        found += brown_rings(box)[0] > 0.05
    assert found / len(positions) > 0.97


def test_outlines_hold_the_same_positions(made_project: DemoProject) -> None:
    positions = read_positions(made_project.positions)
    name = positions[0].file
    text = (made_project.folder / TRUTH_FOLDER / f"{Path(name).stem}.geojson").read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    expected = [(row.x, row.y) for row in positions if row.file == name]
    assert len(features) == len(expected)
    for feature, middle in zip(features, expected, strict=True):
        ring = np.array(feature["geometry"]["coordinates"][0])
        assert (ring[0] == ring[-1]).all()
        np.testing.assert_allclose(ring[:-1].mean(0), middle, atol=0.01)
        np.testing.assert_allclose(np.hypot(*(ring - middle).T), SPORE_RADIUS, atol=0.01)


def test_plans_depend_on_the_seed_only() -> None:
    settings = DemoSettings()
    plans = plan_slides(settings)
    assert plans == plan_slides(DemoSettings())
    assert plans != plan_slides(DemoSettings(seed=8))
    assert len({plan.name for plan in plans}) == settings.count
    assert all((plan.spore_count > 0) == (plan.label == INFECTED) for plan in plans)
    alternating = [plan.label for plan in plans[::2]]
    assert len(set(alternating)) == 2


def test_an_odd_number_of_slides(tmp_path: Path) -> None:
    settings = DemoSettings(count=3, sides=(300, 350), spores=(2, 3))
    plans = make_demo_slides(tmp_path / "slides", settings)
    assert [plan.label for plan in plans].count(INFECTED) == 1
    assert len(list((tmp_path / "slides").iterdir())) == 3


def test_masks_cover_the_spores_and_nothing_else(made_project: DemoProject) -> None:
    rows = read_masks(made_project.masks, made_project.slides).rows
    positions = read_positions(made_project.positions)
    assert {row.path.name for row in rows} == {position.file for position in positions}
    for row in rows:
        with open_source(row.path) as slide, open_source(row.mask) as mask:
            assert isinstance(slide, ImageSource)
            assert isinstance(mask, ImageSource)
            assert [(one.width, one.height) for one in mask.levels] == [
                (one.width, one.height) for one in slide.levels
            ]
            found = mask.read_region(0, 0, 0, mask.width, mask.height)[..., 0]
        spores = [(p.x, p.y) for p in positions if p.file == row.path.name]
        y, x = np.indices(found.shape)
        expected = np.zeros(found.shape, bool)
        for left, top in spores:
            expected |= np.hypot(x - left, y - top) < SPORE_RADIUS
        np.testing.assert_array_equal(found, expected)
