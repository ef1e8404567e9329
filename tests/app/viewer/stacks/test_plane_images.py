import numpy as np
import pytest
from PySide6.QtGui import QColor

from tests.app.viewer.stacks.memory_stack import MemoryStack, numbered
from wholefield.sources import ChannelDisplay
from wholefield_app.viewer.levels import Levels
from wholefield_app.viewer.stacks.plane_images import (
    PlaneLook,
    PlaneReader,
    PlaneRequest,
    as_colors,
    gray,
    plane_image,
)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_picture_shows_the_plane_asked_for(axis: int) -> None:
    source = MemoryStack(numbered())
    answer = PlaneReader().read(PlaneRequest((PlaneLook(source, gray(Levels(0, 500))),), axis, 2))
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
        reader.read(PlaneRequest((PlaneLook(source, gray(Levels(0, high))),), 0, 1))
    assert len(source.reads) == 1
    reader.forget()
    reader.read(PlaneRequest((PlaneLook(source, None),), 0, 1))
    assert len(source.reads) == 2


def test_colors_labels_and_odd_channels() -> None:
    colors = np.zeros((2, 3, 4), np.uint8)
    colors[0, 1] = (10, 20, 30, 99)
    assert plane_image(colors, as_colors(4)).pixelColor(1, 0) == QColor(10, 20, 30)
    assert plane_image(colors[..., :3], as_colors(3)).pixelColor(1, 0) == QColor(10, 20, 30)
    labels = plane_image(np.array([[0, 1]], np.uint8), None)
    assert labels.hasAlphaChannel()
    assert [labels.pixelColor(column, 0).alpha() for column in (0, 1)] == [0, 255]
    assert (
        plane_image(np.full((2, 2, 2), 255, np.uint8), gray(Levels(0, 255), 2)).pixelColor(0, 0).red() == 255
    )


def test_channels_are_mixed_as_they_are_shown() -> None:
    plane = np.zeros((2, 3, 3), np.uint8)
    plane[..., 1], plane[..., 2] = 45, 90
    shown = (
        ChannelDisplay("a", 0, 90, visible=False),
        ChannelDisplay("b", 0, 90, (0, 255, 0)),
        ChannelDisplay("c", 0, 90, (255, 0, 0)),
    )
    assert plane_image(plane, shown).pixelColor(0, 0) == QColor(255, 128, 0)
    assert plane_image(plane, gray(Levels(0, 90), 3)).pixelColor(0, 0) == QColor(0, 0, 0)


def test_what_is_meant_to_be_bright_where_it_is_low_is_shown_so() -> None:
    """MONOCHROME1 and MINISWHITE keep their numbers."""
    plane = np.array([[0, 51, 255]], np.uint8)
    image = plane_image(plane, gray(Levels(0, 255), inverted=True))
    assert [image.pixelColor(x, 0).red() for x in range(3)] == [255, 204, 0]
