import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, strategies as st
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View, fitted
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.grid import GridLayer, TileGrid


def frame(view: View, width: int = 1000, height: int = 800) -> Frame:
    return Frame(view, Rect(0, 0, width, height), None, QPalette())


def paint(layer: GridLayer, shown: Frame, color: str) -> npt.NDArray[np.int_]:
    image = QImage(shown.view.width, shown.view.height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(shown.view.ratio)
    image.fill(QColor(color))
    painter = QPainter(image)
    layer.paint(painter, shown)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[..., 2::-1].astype(int)


def luminance(color: npt.NDArray[np.int_]) -> float:
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in np.array(color) / 255]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@given(st.integers(1, 100_000), st.integers(1, 4096))
def test_as_many_tiles_as_cover_the_image(length: int, tile: int) -> None:
    assert TileGrid(tile, tile, "").counts(Rect(0, 0, length, 1)) == (-(-length // tile), 1)


@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(1, 4096), st.integers(1, 9000))
def test_lines_stand_at_every_multiple_between_the_borders(
    start: int, span: int, step: int, end: int
) -> None:
    found = TileGrid(step, step, "").lines(start, start + span, step, end)
    assert found == [x for x in range(0, end, step) if x > 0 and start <= x <= start + span]


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("color", ["#ffffff", "#e0a0c0", "#6a3d7c", "#101014"])
def test_a_line_stands_out_where_its_tile_begins(qapp: QApplication, color: str, ratio: float) -> None:
    layer = GridLayer()
    layer.grid = TileGrid(128, 100, "128 × 100")
    view = View(800, 600, 1.0, left=100, top=60, ratio=ratio)
    pixels = paint(layer, frame(view), color)
    column = 256 - 100
    row = 190  # between two lines, away from labels
    near = [luminance(pixels[row, x]) for x in range(column - 2, column + 4)]
    ratio_found = (max(near) + 0.05) / (min(near) + 0.05)
    assert ratio_found > 3
    plain = [QColor(color).red(), QColor(color).green(), QColor(color).blue()]
    assert (pixels[row, column - 40 : column - 3] == plain).all()


def test_lines_of_tiles_too_small_to_see_are_left_out(qapp: QApplication) -> None:
    layer = GridLayer()
    layer.grid = TileGrid(4, 4, "4")
    view = fitted(View(500, 400), 1000, 800)
    assert (paint(layer, frame(view), "#ffffff") == 255).all()
    assert "50,000 tiles" in layer.legend(frame(view))[0].text


def test_the_legend_counts_the_tiles() -> None:
    layer = GridLayer()
    assert layer.legend(frame(View(10, 10))) == []
    layer.grid = TileGrid(512, 512, "512")
    assert layer.legend(frame(View(10, 10)))[0].text == "Grid 512 px: 2 × 2 = 4 tiles"
    layer.grid = TileGrid(2048, 2048, "2048")
    assert layer.legend(frame(View(10, 10)))[0].text == "Grid 2048 px: 1 × 1 = 1 tile"
    assert math.isfinite(layer.grid.width)
