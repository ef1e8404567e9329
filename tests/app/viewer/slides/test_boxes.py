from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.boxes import BoxLayer, MarkedBox


def painted(layer: BoxLayer, view: View, rgb: Callable[[QImage], AnyArray]) -> AnyArray:
    image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
    image.fill(QColor(99, 99, 99))
    painter = QPainter(image)
    layer.paint(painter, Frame(view, Rect(0, 0, 1000, 1000), None, QPalette()))
    painter.end()
    return rgb(image)


def test_a_box_is_outlined_where_it_lies_and_empty_inside(
    qapp: QApplication, rgb: Callable[[QImage], AnyArray]
) -> None:
    layer = BoxLayer()
    layer.boxes = [MarkedBox(Rect(100, 60, 80, 40), "", QColor("#ff0000"))]
    shown = painted(layer, View(400, 300, 1.0, left=20, top=10), rgb)
    marked = (shown != 99).any(axis=2)
    rows, columns = np.nonzero(marked)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (80, 160, 50, 90)
    assert not marked[56:84, 86:154].any()
    assert ((shown == [255, 0, 0]).all(axis=2)).any()


def test_the_label_stays_in_sight_when_the_box_begins_outside(
    qapp: QApplication, rgb: Callable[[QImage], AnyArray]
) -> None:
    layer = BoxLayer()
    layer.boxes = [MarkedBox(Rect(-500, -500, 2000, 2000), "whole field", QColor("#0000ff"))]
    shown = painted(layer, View(400, 300, 1.0), rgb)
    plate = (shown == [0, 0, 255]).all(axis=2)
    assert plate[:20, :60].sum() > 300
    assert not plate[40:, 100:].any()


def test_a_box_out_of_sight_is_not_painted(qapp: QApplication, rgb: Callable[[QImage], AnyArray]) -> None:
    layer = BoxLayer()
    layer.boxes = [MarkedBox(Rect(900, 900, 50, 50), "far", QColor("#0000ff"))]
    assert (painted(layer, View(400, 300, 1.0), rgb) == 99).all()
