import time
from pathlib import Path

import pytest

from wholefield.runs.reports import EpochDone, Started, StepDone
from wholefield_app.panels.curves_panel import UPDATES_PER_SECOND, CurvesPanel
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


@pytest.fixture
def panel(qtbot, theme: Theme) -> CurvesPanel:
    made = CurvesPanel(theme)
    qtbot.addWidget(made)
    made.resize(400, 320)
    made.show()
    return made


def reports(count: int) -> list:
    return [StepDone(n + 1, count, 1, 1, 1 / (n + 1)) for n in range(count)]


def test_before_the_first_number_a_sentence_says_what_will_appear(panel: CurvesPanel) -> None:
    assert panel.plots is None
    assert panel._empty.isVisible()


def test_the_curves_hold_what_was_reported(panel: CurvesPanel, qtbot) -> None:
    panel.add(reports(40))
    panel.add([EpochDone(1, {"validation_loss": 0.4, "validation_accuracy": 0.75}, 40)])
    qtbot.waitUntil(lambda: panel.plots is not None)
    x, y = panel.plots.curves["loss"].getOriginalDataset()
    assert list(x) == list(range(1, 41))
    assert list(y) == [1 / n for n in range(1, 41)]
    assert panel.plots.curves["quality"].getOriginalDataset()[1].tolist() == [0.75]
    assert panel.plots.isVisible()


def test_drawing_is_limited_however_fast_reports_come(panel: CurvesPanel, qtbot, monkeypatch) -> None:
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


def test_a_new_run_clears_the_panel_and_themes_are_followed(panel: CurvesPanel, qtbot, tmp_path) -> None:
    panel.add(reports(3))
    qtbot.waitUntil(lambda: panel.plots is not None)
    light = load_theme(ThemeName.LIGHT)
    panel.use_theme(light)
    assert panel.plots.loss.backgroundBrush().color().name() == light.surface
    panel.add([Started("classify", tmp_path)])
    qtbot.waitUntil(lambda: panel._empty.isVisible())


def test_each_term_of_a_loss_has_a_curve_while_there_are_several(panel: CurvesPanel, qtbot) -> None:
    terms = [{"contrast": 0.5, "smoothness2": 0.1}, {"contrast": 0.3, "smoothness2": 0.3}]
    panel.add([StepDone(n + 1, 2, 1, 1, 0.6, terms=term) for n, term in enumerate(terms)])
    qtbot.waitUntil(lambda: panel.plots is not None)
    assert panel.plots.terms.isVisible()
    assert not panel.plots.quality.isVisible()
    for name, series in panel.data.terms.items():
        assert list(panel.plots.term_curves[name].getOriginalDataset()[1]) == series.values
    assert panel.data.terms["contrast"].values[1] == pytest.approx((0.95 * 0.5 + 0.3) / 1.95)

    panel.add([EpochDone(1, {"validation_accuracy": 0.75}, 2)])
    qtbot.waitUntil(panel.plots.quality.isVisible)

    panel.add([Started("classify", Path(), 2, 1), StepDone(1, 2, 1, 1, 0.6, terms={"loss": 0.6})])
    qtbot.waitUntil(lambda: not panel.plots.terms.isVisible())
    assert panel.plots.term_curves == {}
