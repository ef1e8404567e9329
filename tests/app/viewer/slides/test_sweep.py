import pytest
from hypothesis import given, strategies as st
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from wholefield.runs.reports import Direction
from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame
from wholefield_app.viewer.slides.sweep import COLORS, GLOW_SECONDS, SweepLayer, SweepTrace

FORWARD, REVERSE = Direction.FORWARD, Direction.REVERSE


def boxes(columns: int, rows: int, side: int = 10) -> list[tuple[int, int, int, int]]:
    return [(x * side, y * side, side, side) for y in range(rows) for x in range(columns)]


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_the_reverse_sweep_takes_over_what_the_forward_sweep_did(
    columns: int, rows: int, data: st.DataObject
) -> None:
    trace, order = SweepTrace(), boxes(columns, rows)
    for box in order:
        trace.visit(FORWARD, box, 0.0)
    back = data.draw(st.integers(1, len(order)))
    for box in order[::-1][:back]:
        trace.visit(REVERSE, box, 0.0)
    for index, (x, y, *_) in enumerate(order):
        middle, reversed_already = QPoint(x + 5, y + 5), index >= len(order) - back
        assert trace.done[REVERSE].contains(middle) == reversed_already
        assert trace.done[FORWARD].contains(middle) != reversed_already
    assert trace.counts == {FORWARD: len(order), REVERSE: back}


def test_a_forward_sweep_after_a_reverse_one_starts_again() -> None:
    trace = SweepTrace()
    for direction in (FORWARD, REVERSE, FORWARD):
        trace.visit(direction, (0, 0, 10, 10), 0.0)
    assert trace.counts == {FORWARD: 1, REVERSE: 0}
    assert trace.done[REVERSE].isEmpty()


def test_a_tile_visited_again_starts_again() -> None:
    trace = SweepTrace()
    for box in (*boxes(3, 2), (0, 0, 10, 10)):
        trace.visit(FORWARD, box, 0.0)
    assert trace.counts[FORWARD] == 1
    assert trace.done[FORWARD].boundingRect().width() == 10


def test_a_whole_pass_over_a_huge_slide_stays_a_handful_of_rectangles() -> None:
    trace = SweepTrace()
    for box in boxes(120, 40, 512)[:-60]:
        trace.visit(FORWARD, box, 0.0)
    assert trace.done[FORWARD].rectCount() <= 3


def test_a_tile_glows_for_a_second_and_weaker_all_the_time() -> None:
    trace = SweepTrace()
    trace.visit(FORWARD, (0, 0, 10, 10), 5.0)
    strengths = [trace.glows(5.0 + 0.1 * step)[0][2] for step in range(10)]
    assert strengths[0] == 1.0
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[5] == pytest.approx(0.5)
    assert trace.glows(5.0 + GLOW_SECONDS) == []


def test_a_visited_tile_is_bright_then_tinted(qapp: QApplication) -> None:
    now = [0.0]
    layer = SweepLayer(lambda: now[0])
    shown = Frame(View(200, 100), Rect(0, 0, 200, 100), None, QPalette())

    def color(x: int, y: int) -> QColor:
        image = QImage(200, 100, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        layer.paint(painter, shown)
        painter.end()
        return image.pixelColor(x, y)

    def glows() -> bool:
        return layer.glowing

    layer.visit(FORWARD, (0, 0, 100, 100))
    bright = color(50, 50)
    assert glows()
    now[0] = 2.0
    tint = color(50, 50)
    assert not glows()
    assert color(150, 50) == QColor("white")
    # Blue stays, red goes: most while it glows, a little afterwards.
    assert bright.red() < tint.red() - 60 < 255 - 60
    assert tint.red() < 230


def test_the_two_colors_differ_for_every_kind_of_color_vision() -> None:
    # Viénot et al. 1999: what protanopes and deuteranopes see of linear RGB.
    protan = [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]
    deutan = [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]

    def linear(color: QColor) -> list[float]:
        return [(value / 255) ** 2.2 for value in (color.red(), color.green(), color.blue())]

    first, second = linear(COLORS[FORWARD]), linear(COLORS[REVERSE])
    for matrix in (protan, deutan):
        seen = [[sum(m * v for m, v in zip(row, c, strict=True)) for row in matrix] for c in (first, second)]
        assert sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5 > 0.3


def test_the_legend_names_the_sweeps_that_ran() -> None:
    layer = SweepLayer()
    shown = Frame(View(10, 10), Rect(0, 0, 1, 1), None, QPalette())
    assert layer.legend(shown) == []
    layer.visit(FORWARD, (0, 0, 10, 10))
    layer.visit(FORWARD, (10, 0, 10, 10))
    layer.visit(REVERSE, (10, 0, 10, 10))
    assert [row.text for row in layer.legend(shown)] == ["Forward sweep: 2 tiles", "Reverse sweep: 1 tile"]
