"""The table of a training on drawn labels."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.labels import LabelClasses, Shape, rectangle, write_geojson
from wholefield.tasks.slides.labels import read_masks
from wholefield.tasks.slides.labels.drawn_table import write_drawn_table


def drawn(folder: Path, name: str, *shapes: tuple[str, tuple[int, int, int, int]]) -> Path:
    tifffile.imwrite(folder / name, np.zeros((300, 400), np.uint8), tile=(64, 64))
    classes = LabelClasses()
    path = folder / f"{name}.labels.geojson"
    write_geojson(
        path, [Shape(rectangle(*box), classes.named(which).value) for which, box in shapes], classes
    )
    return path


def test_all_labeled_slides_of_the_folder(tmp_path: Path) -> None:
    labels = drawn(tmp_path, "b.tif", ("Cell", (200, 100, 9, 9)), ("Glass", (300, 250, 9, 9)))
    drawn(tmp_path, "a.tif", ("Cell", (0, 0, 9, 9)))
    drawn(tmp_path, "empty.tif")
    table = write_drawn_table(tmp_path / "b.tif", labels)
    rows = read_masks(table, tmp_path).rows
    assert [row.path.name for row in rows] == ["b.tif", "a.tif"]
    assert [tuple(row.region or ()) for row in rows] == [(136, 36, 237, 264), (0, 0, 73, 73)]
    assert rows[0].classes == ("Cell", "Glass")


def test_one_slide_is_cut_between_its_labels(tmp_path: Path) -> None:
    boxes = [(x, 40 * n, 20, 20) for n, x in enumerate((10, 20, 330, 340))]
    labels = drawn(tmp_path, "a.tif", *((("Cell", "Glass")[n % 2], box) for n, box in enumerate(boxes)))
    regions = [row.region for row in read_masks(write_drawn_table(tmp_path / "a.tif", labels), tmp_path).rows]
    first, second = regions
    assert first is not None
    assert second is not None
    assert {first.x < 100, second.x < 100} == {True, False}


def test_labels_in_one_place_are_refused(tmp_path: Path) -> None:
    labels = drawn(tmp_path, "a.tif", ("Cell", (10, 10, 9, 9)), ("Glass", (100, 200, 9, 9)))
    with pytest.raises(SettingError, match="label each class in two places"):
        write_drawn_table(tmp_path / "a.tif", labels)
