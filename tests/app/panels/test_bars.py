import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wholefield_app.panels.bars import ROW, Probability, ProbabilityBars
from wholefield_app.theme.theme import Theme

ROWS = (Probability("plain", 0.2), Probability("rare", 0.7), Probability("other", 0.1))


@pytest.fixture
def bars(qtbot: QtBot, theme: Theme) -> ProbabilityBars:
    made = ProbabilityBars(theme)
    qtbot.addWidget(made)
    made.set_rows(ROWS, 1)
    made.resize(200, made.sizeHint().height())
    made.show()
    return made


def filled(bars: ProbabilityBars, row: int) -> float:
    """The share of the track of a row that has the accent color."""
    image = bars.grab().toImage()
    y = (row + 1) * ROW - 6
    accent = bars._theme.accent
    return sum(image.pixelColor(x, y).name() == accent for x in range(8, 192)) / 184


def test_bars_are_as_long_as_the_probabilities(bars: ProbabilityBars) -> None:
    for index, row in enumerate(ROWS):
        assert filled(bars, index) == pytest.approx(row.value, abs=0.03)


def test_a_click_and_the_arrow_keys_choose_a_class(bars: ProbabilityBars, qtbot: QtBot) -> None:
    chosen: list[int] = []
    bars.chosen.connect(chosen.append)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(50, ROW // 2))
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert chosen == [0, 1, 2]
    assert bars.current == 2


def test_the_numbers_are_there_for_screen_readers(bars: ProbabilityBars) -> None:
    assert bars.accessibleDescription() == "plain 20.0%, rare 70.0%, other 10.0%"
