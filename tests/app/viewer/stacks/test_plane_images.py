import numpy as np
import pytest
from PySide6.QtGui import QColor

from tests.app.viewer.stacks.memory_stack import MemoryStack, numbered
from wholefield_app.viewer.stacks.levels import Levels
from wholefield_app.viewer.stacks.plane_images import PlaneLook, PlaneReader, PlaneRequest, plane_image


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_picture_shows_the_plane_asked_for(axis: int) -> None:
    source = MemoryStack(numbered())
    answer = PlaneReader().read(PlaneRequest((PlaneLook(source, Levels(0, 500)),), axis, 2))
    expected = np.take(numbered(), 2, axis)
    assert np.array_equal(answer.values[0], expected)
    image = answer.images[0]
    assert (image.height(), image.width()) == expected.shape
    for row, column in ((0, 0), (3, 4), (expected.shape[0] - 1, expected.shape[1] - 1)):
        shade = round(255 * float(expected[row, column]) / 500)
        assert image.pixelColor(column, row).red() == pytest.approx(min(shade, 255), abs=1)


def test_other_levels_need_no_other_reading() -> None:
    source, reader = MemoryStack(numbered()), PlaneReader()
    for high in (100, 200, 300):
        reader.read(PlaneRequest((PlaneLook(source, Levels(0, high)),), 0, 1))
    assert len(source.reads) == 1
    reader.forget()
    reader.read(PlaneRequest((PlaneLook(source, None),), 0, 1))
    assert len(source.reads) == 2


def test_colors_labels_and_odd_channels() -> None:
    colors = np.zeros((2, 3, 3), np.uint8)
    colors[0, 1] = (10, 20, 30)
    image = plane_image(colors, Levels(0, 255))
    assert image.pixelColor(1, 0) == QColor(10, 20, 30)
    labels = plane_image(np.array([[0, 1]], np.uint8), None)
    assert labels.hasAlphaChannel()
    assert [labels.pixelColor(column, 0).alpha() for column in (0, 1)] == [0, 255]
    assert plane_image(np.full((2, 2, 2), 255, np.uint8), Levels(0, 255)).pixelColor(0, 0).red() == 255


def test_a_channel_by_itself_is_gray() -> None:
    plane = np.zeros((2, 3, 3), np.uint8)
    plane[..., 2] = 90
    shown = plane_image(plane, Levels(0, 90), 2)
    assert shown.pixelColor(0, 0) == QColor(255, 255, 255)
    assert plane_image(plane, Levels(0, 90), 0).pixelColor(0, 0) == QColor(0, 0, 0)


def test_what_is_meant_to_be_bright_where_it_is_low_is_shown_so() -> None:
    """MONOCHROME1 and MINISWHITE keep their numbers; labels and colors keep their look."""
    plane = np.array([[0, 51, 255]], np.uint8)
    shades = [plane_image(plane, Levels(0, 255), inverted=True).pixelColor(x, 0).red() for x in range(3)]
    assert shades == [255, 204, 0]
    labels = np.array([[0, 1]], np.uint8)
    assert plane_image(labels, None, inverted=True) == plane_image(labels, None)
    colors = np.full((2, 2, 3), 40, np.uint8)
    assert plane_image(colors, Levels(0, 255), inverted=True) == plane_image(colors, Levels(0, 255))
    source = MemoryStack(numbered())
    source.inverted = True
    answer = PlaneReader().read(PlaneRequest((PlaneLook(source, Levels(0, 500)),), 0, 0))
    assert answer.images[0] == plane_image(numbered()[0], Levels(0, 500), inverted=True)
