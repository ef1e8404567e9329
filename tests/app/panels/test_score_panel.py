"""The table of a score card."""

from pytestqt.qtbot import QtBot

from wholefield.flow.scores.accuracy import FlowErrors
from wholefield.flow.scores.scorecard import Score, ScoreCard
from wholefield_app.panels.score_panel import MEASURES, ScoreTable
from wholefield_app.theme.theme import Theme


def test_the_table_shows_what_is_known_and_marks_the_best(qtbot: QtBot, theme: Theme) -> None:
    table = ScoreTable(theme, "Nothing yet.")
    qtbot.addWidget(table)
    table.show()
    assert table.line.text() == "Nothing yet."
    assert not any(label.isVisible() for row in table.cells for label in row)

    scores = Score("net", 1.5, 0.02), Score("best translation", 1.2, 0.01), Score("zero flow", 1.0, 0.0)
    table.show_card(ScoreCard(0, 20_000, 1234, 3.0, (10.0, -5.0), scores))
    assert [label.text() for label in table.cells[0]] == ["FWL", "1.50", "1.20", "1.00"]
    assert [label.text() for label in table.cells[1]] == ["Leaving", "2.0 %", "1.0 %", "0.0 %"]
    assert [theme.success in label.styleSheet() for label in table.cells[0][1:]] == [True, False, False]
    assert [theme.success in label.styleSheet() for label in table.cells[1][1:]] == [False, False, True]
    assert [row[0].isVisible() for row in table.cells] == [True, True, False, False, False, False]
    assert table.few.isVisible()
    alike = tuple(Score(each.name, each.fwl, 0.0) for each in scores)
    table.show_card(ScoreCard(0, 20_000, 1234, 3.0, (10.0, -5.0), alike))
    assert not any(theme.success in label.styleSheet() for label in table.cells[1][1:])
    table.show_card(ScoreCard(0, 20_000, 1234, 3.0, (10.0, -5.0), scores))
    assert "1,234 events in 20 ms" in table.line.text()

    errors = FlowErrors(0.5, 0.25, 12.0, 0.4, 99)
    with_errors = tuple(Score(each.name, each.fwl, each.leaving, errors) for each in scores)
    table.show_card(ScoreCard(0, 20_000, 1234, 8.0, (10.0, -5.0), with_errors))
    assert all(row[0].isVisible() for row in table.cells)
    assert not table.few.isVisible()
    shown = [row[1].text() for row in table.cells]
    assert shown == ["1.50", "2.0 %", "0.50 px", "25.0 %", "12.0°", "0.40"]
    assert all(
        label.toolTip() == measure.about
        for measure, row in zip(MEASURES, table.cells, strict=True)
        for label in row
    )
