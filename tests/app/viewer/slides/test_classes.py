"""A map of classes: what is in sight is cut out of the right level and painted in the colors of its classes."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QPalette

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.classes import (
    CYCLE,
    ClassLayer,
    ClassPicture,
    Crop,
    class_color,
    class_image,
    crop_in_sight,
)

NAMES = ("glass", "tissue", "spore")


@pytest.fixture
def picture() -> ClassPicture:
    """4 x 8 pixels of a level at half resolution, and a level of half of that."""
    classes = np.zeros((4, 8), np.uint8)
    classes[:, 4:], classes[2:, 6:] = 1, 2
    return ClassPicture((classes, classes[::2, ::2]), Rect(0, 0, 16, 8), NAMES)


def painted(picture: ClassPicture | None, view: View, opacity: float = 1.0) -> QImage:
    layer = ClassLayer()
    layer.opacity = opacity
    layer.show(picture)
    image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    layer.paint(painter, Frame(view, Rect(0, 0, 16, 8), None, QPalette()))
    painter.end()
    return image


def color(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    found = image.pixelColor(x, y)
    return found.red(), found.green(), found.blue()


def test_each_class_has_its_color_and_the_first_none(picture: ClassPicture) -> None:
    image = painted(picture, View(32, 16, scale=2.0))
    assert color(image, 3, 3) == (255, 255, 255)
    assert color(image, 17, 1) == class_color(1)
    assert color(image, 31, 15) == class_color(2)


def test_one_class_alone(picture: ClassPicture) -> None:
    alone = ClassPicture(picture.levels, picture.box, NAMES, alone=2)
    image = painted(alone, View(32, 16, scale=2.0))
    assert color(image, 17, 1) == (255, 255, 255)
    assert color(image, 31, 15) == class_color(2)


def test_the_image_shines_through(picture: ClassPicture) -> None:
    found = color(painted(picture, View(32, 16, scale=2.0), opacity=0.5), 17, 1)
    assert found == pytest.approx([(255 + c) / 2 for c in class_color(1)], abs=2)


@pytest.mark.parametrize(
    ("view", "crop"),
    [
        (View(32, 16, scale=2.0), Crop(0, 0, 4, 0, 8)),
        (View(4, 2, scale=0.25), Crop(1, 0, 2, 0, 4)),
        (View(8, 8, scale=2.0, left=8, top=8), Crop(0, 2, 4, 2, 5)),
        (View(8, 8, scale=2.0, left=100, top=0), None),
    ],
)
def test_only_what_is_in_sight_is_cut_out(picture: ClassPicture, view: View, crop: Crop | None) -> None:
    assert crop_in_sight(picture, view) == crop


def test_legend_names_what_is_shown(picture: ClassPicture) -> None:
    layer = ClassLayer()
    frame = Frame(View(8, 8), Rect(0, 0, 16, 8), None, QPalette())
    assert layer.legend(frame) == []
    layer.show(picture)
    assert [(row.text, row.color) for row in layer.legend(frame)] == [
        ("tissue", QColor(*class_color(1))), ("spore", QColor(*class_color(2))),
    ]  # fmt: skip
    layer.visible = False
    assert layer.legend(frame) == []


def test_classes_beyond_a_byte_keep_their_colors() -> None:
    classes = np.array([[0, 1, CYCLE, CYCLE + 1, 3 * CYCLE + 5]], np.uint16)
    image = class_image(classes, 0)
    assert image.pixelColor(0, 0).alpha() == 0
    for x, index in enumerate(classes[0].tolist()[1:], start=1):
        assert color(image, x, 0) == class_color(index)
