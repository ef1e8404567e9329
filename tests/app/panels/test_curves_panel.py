import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield.runs.reports import EpochDone, Report, Started, StepDone
from wholefield.training.quality import ACCURACY, Quality
from wholefield_app.panels.curves_panel import UPDATES_PER_SECOND, CurvesPanel
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> CurvesPanel:
    made = CurvesPanel(theme)
    qtbot.addWidget(made)
    made.resize(400, 320)
    made.show()
    return made


def reports(count: int) -> list[Report]:
    return [StepDone(n + 1, count, 1, 1, 1 / (n + 1)) for n in range(count)]


def test_before_the_first_number_a_sentence_says_what_will_appear(panel: CurvesPanel) -> None:
    assert panel.plots is None
    assert panel._empty.isVisible()


def test_the_curves_hold_what_was_reported(panel: CurvesPanel, qtbot: QtBot) -> None:
    panel.add(reports(40))
    panel.add([EpochDone(1, {"validation_loss": 0.4, "validation_accuracy": 0.75}, 40)])
    qtbot.waitUntil(lambda: panel.plots is not None)
    x, y = there(panel.plots).curves["loss"].getOriginalDataset()
    assert list(x) == list(range(1, 41))
    assert list(y) == [1 / n for n in range(1, 41)]
    assert there(panel.plots).curves["quality"].getOriginalDataset()[1].tolist() == [0.75]
    assert there(panel.plots).isVisible()


def test_drawing_is_limited_however_fast_reports_come(
    panel: CurvesPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.add(reports(1))
    qtbot.waitUntil(lambda: panel.plots is not None)
    drawn: list[float] = []
    monkeypatch.setattr(panel.plots, "draw", lambda data: drawn.append(time.monotonic()))
    start = time.monotonic()

    def pour() -> bool:
        panel.add(reports(1))
        return len(drawn) >= 5

    qtbot.waitUntil(pour)
    assert len(drawn) <= UPDATES_PER_SECOND * (time.monotonic() - start) + 1
    qtbot.waitUntil(lambda: not panel._timer.isActive())


def test_a_new_run_clears_the_panel_and_themes_are_followed(
    panel: CurvesPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.add(reports(3))
    qtbot.waitUntil(lambda: panel.plots is not None)
    light = load_theme(ThemeName.LIGHT)
    panel.use_theme(light)
    assert there(panel.plots).loss.area.backgroundBrush().color().name() == light.surface
    panel.add([Started("classify", tmp_path)])
    qtbot.waitUntil(lambda: panel._empty.isVisible())


def test_each_term_of_a_loss_has_a_curve_while_there_are_several(panel: CurvesPanel, qtbot: QtBot) -> None:
    terms = [{"contrast": 0.5, "smoothness2": 0.1}, {"contrast": 0.3, "smoothness2": 0.3}]
    panel.add([StepDone(n + 1, 2, 1, 1, 0.6, terms=term) for n, term in enumerate(terms)])
    qtbot.waitUntil(lambda: panel.plots is not None)
    assert there(panel.plots).terms.isVisible()
    assert not there(panel.plots).quality.isVisible()
    for name, series in panel.data.terms.items():
        assert list(there(panel.plots).term_curves[name].getOriginalDataset()[1]) == series.values
    assert panel.data.terms["contrast"].values[1] == pytest.approx((0.95 * 0.5 + 0.3) / 1.95)

    panel.add([EpochDone(1, {"validation_accuracy": 0.75}, 2)])
    qtbot.waitUntil(there(panel.plots).quality.isVisible)

    panel.add([Started("classify", Path(), 2, 1), StepDone(1, 2, 1, 1, 0.6, terms={"loss": 0.6})])
    qtbot.waitUntil(lambda: not there(panel.plots).terms.isVisible())
    assert there(panel.plots).term_curves == {}


def on_panel(widget: QWidget, panel: QWidget) -> QRect:
    return QRect(widget.mapTo(panel, QPoint()), widget.size())


@pytest.mark.parametrize("size", [(280, 260), (600, 500)])
def test_a_key_never_covers_a_curve(panel: CurvesPanel, qtbot: QtBot, size: tuple[int, int]) -> None:
    panel.resize(*size)
    panel.add([StepDone(1, 2, 1, 1, 0.6, terms={"contrast": 0.5, "smoothness": 0.1})])
    panel.add([EpochDone(1, {"validation_loss": 0.4, "validation_accuracy": 0.75}, 1)])
    qtbot.waitUntil(lambda: panel.plots is not None and panel.plots.quality.isVisible())
    assert panel.plots is not None
    plots = (panel.plots.loss, panel.plots.terms, panel.plots.quality)
    areas = [on_panel(plot.area, panel) for plot in plots]
    for plot in plots:
        assert plot.area.plotItem.legend is None
        key = on_panel(plot.key, panel)
        assert key.height() >= plot.key.heightForWidth(key.width()) > 0
        assert not any(key.intersects(area) for area in areas)
    assert "validation" in panel.plots.loss.key.text()
    assert "smoothness" in panel.plots.terms.key.text()


def test_there_is_something_to_show_from_the_first_number_on(
    panel: CurvesPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    assert not panel.has_content
    steps: list[tuple[list[Report], bool]] = [(reports(1), True), ([Started("classify", tmp_path)], False)]
    for news, has_content in steps:
        with qtbot.waitSignal(panel.content_changed):
            panel.add(news)
        assert panel.has_content is has_content


def test_the_quality_is_that_of_the_task_from_the_start(panel: CurvesPanel, qtbot: QtBot) -> None:
    dice = Quality("validation_dice", "Dice", range=ACCURACY.range)
    panel.set_qualities((dice,))
    panel.add(reports(1))
    qtbot.waitUntil(lambda: panel.plots is not None)
    assert panel.plots is not None
    assert panel.plots.quality.area.getAxis("left").labelText == "Dice"
    panel.set_qualities((ACCURACY,))
    assert panel.plots.quality.area.getAxis("left").labelText == "Accuracy"
