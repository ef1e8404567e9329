from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from wholefield.runs.reports import Direction, TileDone
from wholefield_app.panels.sweep import LARGEST_CELL, SweepMap, cell_color
from wholefield_app.theme.theme import Theme


def visit(sweep: Direction, row: int, column: int, counts: tuple[int, int] = (2, 3)) -> TileDone:
    return TileDone(sweep, (row, column), counts, ((0, 1), (0, 1)), Path("a.svs"))


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (visit(Direction.FORWARD, 0, 0), "f-----"),
        (visit(Direction.FORWARD, 1, 0), "ffff--"),
        (visit(Direction.FORWARD, 1, 2), "ffffff"),
        (visit(Direction.REVERSE, 1, 2), "fffffr"),
        (visit(Direction.REVERSE, 0, 1), "frrrrr"),
        (visit(Direction.REVERSE, 0, 0), "rrrrrr"),
    ],
)
def test_the_forward_sweep_colors_and_the_reverse_sweep_comes_back(
    theme: Theme, report: TileDone, expected: str
) -> None:
    names = {theme.forward: "f", theme.reverse: "r", theme.border: "-"}
    assert "".join(names[cell_color(index, report, theme)] for index in range(6)) == expected


def test_the_map_paints_its_cells(qtbot: QtBot, theme: Theme) -> None:
    sweep = SweepMap(theme)
    qtbot.addWidget(sweep)
    sweep.resize(300, 64)
    sweep.show()
    assert sweep.grab().toImage().pixelColor(5, 5) != QColor(theme.forward)
    sweep.show_tile(visit(Direction.FORWARD, 0, 1))
    image = sweep.grab().toImage()
    cell = int(LARGEST_CELL)
    assert image.pixelColor(5, 5) == QColor(theme.forward)
    assert image.pixelColor(cell + 5, 5) == QColor(theme.forward)
    assert image.pixelColor(2 * cell + 5, 5) == QColor(theme.border)
    assert image.pixelColor(5, cell + 5) == QColor(theme.border)


def test_many_tiles_still_fit(qtbot: QtBot, theme: Theme) -> None:
    sweep = SweepMap(theme)
    qtbot.addWidget(sweep)
    sweep.resize(300, 64)
    sweep.show_tile(visit(Direction.FORWARD, 199, 149, (200, 150)))
    image = sweep.grab().toImage()
    assert image.pixelColor(0, 63) == QColor(theme.forward)
    assert image.pixelColor(299, 0) != QColor(theme.forward)
