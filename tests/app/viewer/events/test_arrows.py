"""Arrows stand where they should, and the painted pixels are theirs."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from wholefield.flow.viz.colors import hues
from wholefield_app.viewer.events.arrows import (
    HUES,
    hue_color,
    make_arrows,
    paint_arrows,
    squares_with_events,
)


def uniform(u: float, v: float, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    flow = np.zeros((2, *shape), np.float32)
    flow[0], flow[1] = u, v
    return flow


def test_shafts_lead_from_the_middles_of_squares_along_the_flow() -> None:
    arrows = make_arrows(uniform(300, -400), None, 10, 0, 0.02)
    assert len(arrows) == 4 * 5
    shafts = arrows.lines[::3]
    places = {(x, y) for x in np.arange(5, 50, 10) + 0.5 for y in np.arange(5, 40, 10) + 0.5}
    assert {tuple(start) for start in shafts[:, :2]} == places
    np.testing.assert_allclose(shafts[:, 2:] - shafts[:, :2], [[6, -8]] * 20)


def test_both_strokes_of_a_head_go_back_from_the_tip_on_either_side() -> None:
    arrows = make_arrows(uniform(1000, 0), None, 40, 0, 0.01)
    shaft, *head = arrows.lines
    way = shaft[2:] - shaft[:2]
    for stroke in head:
        np.testing.assert_allclose(stroke[:2], shaft[2:])
        assert np.linalg.norm(stroke[2:] - stroke[:2]) == pytest.approx(0.3 * np.linalg.norm(way))
        assert (stroke[2:] - stroke[:2]) @ way < 0
    assert head[0][3] - shaft[3] == pytest.approx(shaft[3] - head[1][3])


def test_slow_flow_and_squares_without_events_have_no_arrows() -> None:
    flow = uniform(0, 0)
    flow[0, :20], flow[0, 20:] = 5, 50
    assert len(make_arrows(flow, None, 10, 10, 1)) == 2 * 5
    total = np.zeros((40, 50))
    total[29, 19] = 1
    arrows = make_arrows(flow, total, 10, 10, 1)
    np.testing.assert_array_equal(arrows.lines[::3, :2], [[15.5, 25.5]])
    assert len(make_arrows(flow, np.zeros((40, 50)), 10, 0, 1)) == 0


def test_squares_are_those_of_a_loop() -> None:
    total = (np.random.default_rng(0).random((23, 31)) > 0.97).astype(np.float32)
    found = squares_with_events(total, 7)
    for y, x in np.ndindex(total.shape):
        top, left = y - y % 7, x - x % 7
        assert found[y, x] == total[top : top + 7, left : left + 7].any()


def test_arrows_are_sorted_by_the_color_of_their_direction() -> None:
    y, x = np.mgrid[:90, :110]
    flow = np.stack([45.0 - y, x - 55.0])
    arrows = make_arrows(flow, None, 8, 1, 0.1)
    assert arrows.groups[0][1] == 0
    assert arrows.groups[-1][2] == 3 * len(arrows)
    for hue, first, last in arrows.groups:
        shafts = arrows.lines[first:last:3]
        apart = np.abs(hues((shafts[:, 2:] - shafts[:, :2]).T) - hue / HUES)
        assert (np.minimum(apart, 1 - apart) <= 0.5 / HUES + 1e-9).all()


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.5])
def test_the_pixels_of_a_shaft_have_its_color_and_no_others_do(qapp: QApplication, scale: float) -> None:
    size = int(40 * scale)
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    paint_arrows(
        painter, make_arrows(uniform(1000, 0, (40, 40)), None, 40, 0, 0.016), QPointF(0, 0), scale, True
    )
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(size, size) & 0xFFFFFF
    row = round(20.5 * scale)
    shaft = pixels[row - 1 : row + 1, int(21.5 * scale) : int(31 * scale)]
    assert (shaft.max(axis=0) >> 16 > 100).all(), "red leads to the right"
    assert (pixels & 0xFFFF == 0).all(), "there is no other color"
    rows, columns = np.nonzero(pixels)
    assert columns.min() >= 20 * scale - 1
    assert columns.max() <= 37 * scale + 1
    assert abs(rows.mean() + 0.5 - 20.5 * scale) < 0.6


def test_colors_are_darker_on_light_backgrounds() -> None:
    assert hue_color(0, True) == QColor.fromHsvF(0, 1, 1)
    assert hue_color(7, False).valueF() < hue_color(7, True).valueF()
