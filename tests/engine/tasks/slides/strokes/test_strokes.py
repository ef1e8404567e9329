"""Strokes of a file: as pixels to train on or held out, drawn alike by class, and read again when they change."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry.base import BaseGeometry

from wholefield.errors import SettingError
from wholefield.labels import LabelClasses, Shape, rasterize, rectangle, stroke, write_geojson
from wholefield.sources import Rect
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.strokes.strokes import Strokes

WHOLE = Rect(0, 0, 100, 80)
Named = tuple[str, BaseGeometry]


def write(path: Path, drawn: Sequence[Named]) -> Path:
    classes = LabelClasses()
    shapes = [Shape(area, classes.named(name).value, id=f"{i}") for i, (name, area) in enumerate(drawn)]
    write_geojson(path, shapes, classes)
    return path


def touch(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


DRAWN: list[Named] = [
    ("a", rectangle(0, 0, 10, 10)), ("b", rectangle(20, 0, 10, 10)), ("a", rectangle(40, 0, 10, 10)),
    ("b", stroke([(25, 30), (60, 44)], 4)), ("Ignore*", rectangle(0, 0, 4, 80)), ("b", rectangle(95, 70, 50, 50)),
]  # fmt: skip


def test_every_pixel_is_on_one_side_or_none(tmp_path: Path) -> None:
    strokes = Strokes(write(tmp_path / "s.geojson", DRAWN), (100, 80), 0.5)
    assert [each.name for each in strokes.classes] == ["a", "b"]
    assert [each.key for each in strokes.training] == ["0", "1", "5"]
    training = strokes.region(WHOLE, (80, 100))
    held_out = strokes.region(WHOLE, (80, 100), held_out=True)
    expected = np.full((80, 100), IGNORED)
    expected[:10, 4:10], expected[:10, 20:30], expected[70:, 95:] = 0, 1, 1
    np.testing.assert_array_equal(training, expected)
    expected = np.full((80, 100), IGNORED)
    expected[:10, 40:50] = 0
    expected[rasterize([Shape(DRAWN[3][1], 1)], WHOLE, (80, 100)) == 1] = 1
    np.testing.assert_array_equal(held_out, expected)


def test_places_are_drawn_of_every_class_alike_and_within_the_strokes(tmp_path: Path) -> None:
    strokes = Strokes(write(tmp_path / "s.geojson", DRAWN), (100, 80), 0.5)
    random = np.random.default_rng(0)
    places = [strokes.draw(random) for _ in range(400)]
    of_a = [x < 10 and y < 10 for x, y in places]
    assert 140 < sum(of_a) < 260
    assert all(x < 10 or 20 <= x < 30 or (95 <= x <= 100 and 70 <= y <= 80) for x, y in places)


def test_new_strokes_join_once_the_file_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "s.geojson", DRAWN[:2])
    touch(path, 1)
    strokes = Strokes(path, (100, 80), 0.5)
    assert not strokes.refresh()
    path.write_text('{"type": "FeatureColl')
    assert not strokes.refresh()
    assert len(strokes.training) == 2
    write(path, [*DRAWN[:3], ("c", rectangle(0, 60, 5, 5))])
    touch(path, 2)
    assert strokes.refresh()
    assert not strokes.refresh()
    assert [each.key for each in strokes.held_out] == ["2"]
    assert "Strokes of c count for nothing" in strokes.notes[0]
    write(path, [("c", rectangle(0, 60, 5, 5))])
    touch(path, 3)
    assert strokes.refresh()
    assert "goes on with those of before" in strokes.notes[0]
    assert len(strokes.training) == 2


def test_one_class_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.geojson", [DRAWN[0], ("b", rectangle(200, 0, 5, 5))])
    with pytest.raises(SettingError, match="1 classes on the slide"):
        Strokes(path, (100, 80), 0.5)
