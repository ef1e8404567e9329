from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield_app.viewer.colormap import Colormap, table
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.map import MapLayer, map_image, paint_map


def canvas(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    return image


def test_each_value_covers_its_share_of_the_rectangle(
    qapp: QApplication, rgb: Callable[[QImage], AnyArray]
) -> None:
    values = np.array([[0.0, 1.0, 0.25], [0.5, np.nan, 0.75]])
    image = canvas(120, 80)
    painter = QPainter(image)
    paint_map(painter, map_image(values, Colormap.VIRIDIS), QRectF(0, 0, 120, 80), 1.0, smooth=False)
    painter.end()
    index = np.rint(np.nan_to_num(values) * 255).astype(int)
    expected = table(Colormap.VIRIDIS)[index]
    expected[1, 1] = 255
    assert (rgb(image) == expected.repeat(40, axis=0).repeat(40, axis=1)).all()


@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_opacity_mixes_map_and_image(
    qapp: QApplication, rgb: Callable[[QImage], AnyArray], opacity: float
) -> None:
    image = canvas(10, 10)
    painter = QPainter(image)
    paint_map(painter, map_image(np.zeros((2, 2)), Colormap.GRAY), QRectF(0, 0, 10, 10), opacity, smooth=True)
    painter.end()
    assert np.abs(rgb(image).astype(float) - 255 * (1 - opacity)).max() <= 1.5


def layer_with(values: npt.NDArray[np.float64], box: Rect[float]) -> MapLayer:
    layer = MapLayer()
    layer.look(colormap=Colormap.GRAY)
    layer.show(values, box, "Tumour", smooth=False)
    layer.opacity = 1.0
    return layer


def test_the_map_lies_on_its_part_of_the_image(qapp: QApplication, rgb: Callable[[QImage], AnyArray]) -> None:
    layer = layer_with(np.zeros((3, 4)), Rect(100, 60, 200, 120))
    view = View(400, 300, 0.5, left=20, top=10)
    image = canvas(400, 300)
    painter = QPainter(image)
    layer.paint(painter, Frame(view, Rect(0, 0, 800, 600), None, QPalette()))
    painter.end()
    dark = rgb(image)[..., 0] == 0
    rows, columns = np.nonzero(dark)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (30, 130, 20, 80)
    assert dark.sum() == 100 * 60


def test_cells_that_reach_beyond_the_image_are_cut_off(
    qapp: QApplication, rgb: Callable[[QImage], AnyArray]
) -> None:
    layer = layer_with(np.zeros((2, 2)), Rect(-10, -10, 120, 100))
    image = canvas(150, 150)
    painter = QPainter(image)
    layer.paint(painter, Frame(View(150, 150, left=-20, top=-20), Rect(0, 0, 100, 80), None, QPalette()))
    painter.end()
    rows, columns = np.nonzero(rgb(image)[..., 0] == 0)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (20, 120, 20, 100)


def test_the_legend_is_there_while_the_map_is() -> None:
    layer = layer_with(np.zeros((3, 4)), Rect(0, 0, 4, 3))
    frame = Frame(View(10, 10), Rect(0, 0, 4, 3), None, QPalette())
    (row,) = layer.legend(frame)
    assert row.text == "Tumour"
    assert (row.ramp[0], row.ramp[-1]) == (QColor(0, 0, 0), QColor(255, 255, 255))
    layer.visible = False
    assert layer.legend(frame) == []
    layer.visible = True
    layer.show(None, Rect(0, 0, 4, 3), "Tumour", smooth=False)
    assert layer.legend(frame) == []
