"""Drawn shapes as masks: at every level, with one value for a class in all files, and trained on."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.labels import Annotations, LabelClasses, Shape, ellipse, rectangle, stroke, write_geojson
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import EpochDone, Message, Report
from wholefield.sources import open_image
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.data.mask_files import open_mask
from wholefield.tasks.slides.labels import read_masks
from wholefield.tasks.slides.labels.shape_masks import drawn_classes
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.training.checkpoints import card_of
from wholefield.training.settings import Augmentation


def slide(path: Path, pixels: np.ndarray) -> None:
    with tifffile.TiffWriter(path) as file:
        file.write(pixels, tile=(32, 32), subifds=1)
        file.write(pixels[::2, ::2], tile=(32, 32), subfiletype=1)


def drawn(path: Path, *shapes: tuple[str, object]) -> None:
    classes = LabelClasses()
    write_geojson(path, Annotations(Shape(area, classes.named(name).value) for name, area in shapes), classes)  # type: ignore[arg-type]


def test_shapes_are_read_like_an_image_at_any_level(tmp_path: Path) -> None:
    slide(tmp_path / "a.tif", np.zeros((60, 80), np.uint8))
    drawn(
        tmp_path / "a.geojson",
        ("Stroma", rectangle(0, 0, 40, 60)),
        ("Tumor", rectangle(10, 20, 20, 10)),
        ("Ignore*", rectangle(0, 0, 4, 4)),
    )
    expected = np.zeros((60, 80), np.uint8)
    expected[:, :40] = 2
    expected[20:30, 10:30] = 1
    expected[:4, :4] = 0
    with (
        open_image(tmp_path / "a.tif") as image,
        open_mask(tmp_path / "a.geojson", image, ("Tumor", "Stroma")) as mask,
    ):
        assert [(each.width, each.height) for each in mask.levels] == [(80, 60), (40, 30)]
        np.testing.assert_array_equal(mask.read_region(0, 0, 0, 80, 60)[..., 0], expected)
        np.testing.assert_array_equal(mask.read_region(0, 7, 11, 30, 13)[..., 0], expected[11:24, 7:37])
        np.testing.assert_array_equal(mask.read_region(1, 0, 0, 40, 30)[..., 0], expected[::2, ::2])


def test_a_class_has_one_value_in_all_files(tmp_path: Path) -> None:
    drawn(tmp_path / "a.geojson", ("Tumor", rectangle(0, 0, 4, 4)), ("Ignore*", rectangle(9, 9, 4, 4)))
    drawn(tmp_path / "b.geojson", ("Fat", rectangle(0, 0, 4, 4)), ("Tumor", rectangle(5, 5, 4, 4)))
    assert drawn_classes([tmp_path / "a.geojson", tmp_path / "b.geojson"]) == ("Tumor", "Fat")


def test_shapes_beside_the_slide_are_refused(tmp_path: Path) -> None:
    slide(tmp_path / "a.tif", np.zeros((60, 80), np.uint8))
    drawn(tmp_path / "a.geojson", ("Tumor", rectangle(100, 0, 4, 4)))
    with (
        open_image(tmp_path / "a.tif") as image,
        pytest.raises(SettingError, match=r"no shape with a class on a\.tif"),
    ):
        open_mask(tmp_path / "a.geojson", image, ("Tumor",))


def test_shapes_and_images_do_not_mix(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif", "m.tif"):
        slide(tmp_path / name, np.zeros((60, 80), np.uint8))
    drawn(tmp_path / "a.geojson", ("Tumor", rectangle(0, 0, 4, 4)))
    (tmp_path / "masks.csv").write_text("file,mask\na.tif,a.geojson\nb.tif,m.tif\n")
    with pytest.raises(SettingError, match=r"names shapes .* and images"):
        read_masks(tmp_path / "masks.csv", tmp_path)


def test_a_training_on_strokes_learns(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    y, x = np.indices((64, 96))
    for name in "ab":
        disc = (y - 30) ** 2 + (x - 40) ** 2 < 400
        slide(tmp_path / f"{name}.tif", (disc * 120 + random.integers(20, 90, disc.shape)).astype(np.uint8))
        drawn(
            tmp_path / f"{name}.geojson",
            ("Glass", stroke([(4, 4), (90, 5)], 3)),
            ("Cell", ellipse(30, 20, 18, 18)),
        )
    (tmp_path / "masks.csv").write_text("file,mask\na.tif,a.geojson\nb.tif,b.geojson\n")
    settings = SegmentSettings(
        slides=tmp_path, masks=tmp_path / "masks.csv", tile_size=48, width=4, depth=2, epochs=3, learning_rate=1e-2,
        crop_size=48, crops_per_slide=12, augmentation=Augmentation.NONE,
    )  # fmt: skip
    reports: list[Report] = []
    run_task(settings, tmp_path / "run", reports.append, Control())
    card = card_of(RunFolder(tmp_path / "run").best)
    assert card.names == ("Glass", "Cell")
    assert any("Shares of the classes: Glass" in each.text for each in reports if isinstance(each, Message))
    scores = [each.metrics["validation_dice"] for each in reports if isinstance(each, EpochDone)]
    assert scores[-1] > 0.9
