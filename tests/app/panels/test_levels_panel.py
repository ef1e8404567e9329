import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wholefield_app.panels.levels_panel import HOUNSFIELD, LevelsPanel
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.levels import Levels, describe_values

FACTS = describe_values(np.linspace(-1000, 1000, 2001))


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> LevelsPanel:
    made = LevelsPanel(theme)
    qtbot.addWidget(made)
    made.resize(300, 260)
    made.show()
    return made


def test_without_a_stack_it_says_so(panel: LevelsPanel) -> None:
    assert panel.hint.isVisible()
    assert not panel.histogram.isVisible()


def test_numbers_are_shown_and_not_told(panel: LevelsPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.changed):
        panel.show_levels(FACTS, Levels(-100, 300))
    values = [field.value() for field in (panel.low, panel.high, panel.level, panel.window_width)]
    assert values == [-100, 300, 100, 400]
    assert not panel.presets.isVisible()


def test_any_notation_of_a_number_can_be_typed(panel: LevelsPanel, qtbot: QtBot) -> None:
    panel.show_levels(FACTS, Levels(-100, 300))
    panel.high.lineEdit().selectAll()
    qtbot.keyClicks(panel.high.lineEdit(), "1.5e3")
    with qtbot.waitSignal(panel.changed) as changed:
        qtbot.keyClick(panel.high.lineEdit(), Qt.Key.Key_Return)
    assert changed.args == [Levels(-100, 1500)]


def test_presets_of_the_file_and_of_radiology(panel: LevelsPanel, qtbot: QtBot) -> None:
    panel.show_levels(FACTS, Levels(0, 1), Levels(-50, 50), hounsfield=True)
    names = [panel.presets.itemText(row) for row in range(panel.presets.count())]
    assert names == ["Presets", "As in the file", *HOUNSFIELD]
    for name, levels in (("As in the file", Levels(-50, 50)), ("Lung", Levels(-1350, 150))):
        with qtbot.waitSignal(panel.changed) as changed:
            panel.presets.activated.emit(names.index(name))
        assert changed.args == [levels]


def test_the_lines_of_the_histogram_are_dragged(panel: LevelsPanel, qtbot: QtBot) -> None:
    panel.show_levels(FACTS, Levels(-500, 500))
    histogram = panel.histogram
    high = QPoint(round(histogram.x_of(500)), 20)
    target = QPoint(round(histogram.x_of(800)), 20)
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=high)
    with qtbot.waitSignal(panel.changed) as changed:
        qtbot.mouseMove(histogram, target)
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=target)
    levels = changed.args[0]
    assert levels.low == -500
    assert levels.high == pytest.approx(800, abs=10)
    beyond = QPoint(0, 20)
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=high)
    with qtbot.waitSignal(panel.changed) as changed:
        qtbot.mouseMove(histogram, beyond)
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=beyond)
    assert changed.args[0].high > -500


def test_small_numbers_fit_their_fields(panel: LevelsPanel) -> None:
    texts = {-0.00137974: "-0.00138", 0.00365683: "0.003657", 17418.3: "17418", 1.234567: "1.2346"}
    assert [panel.low.textFromValue(value) for value in texts] == list(texts.values())
