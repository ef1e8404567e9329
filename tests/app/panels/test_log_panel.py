import logging
from datetime import datetime

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from wholefield_app.log import LogLine, SessionLog
from wholefield_app.panels.log_panel import LogPanel
from wholefield_app.theme.theme import Theme, ThemeName, load_theme

LINES = [
    LogLine(datetime(2026, 1, 2, 3, 4, 5), logging.INFO, "opened"),
    LogLine(datetime(2026, 1, 2, 3, 4, 6), logging.WARNING, "odd"),
    LogLine(datetime(2026, 1, 2, 3, 4, 7), logging.ERROR, "broken"),
]


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> LogPanel:
    log = SessionLog()
    made = LogPanel(log, theme)
    qtbot.addWidget(made)
    log.setParent(made)
    log.lines.extend(LINES)
    log.added.emit(LINES)
    return made


@pytest.mark.parametrize(
    ("level", "texts"), [(0, ["opened", "odd", "broken"]), (1, ["odd", "broken"]), (2, ["broken"])]
)
def test_the_level_chooses_what_is_shown_and_copied(panel: LogPanel, level: int, texts: list[str]) -> None:
    panel.level.setCurrentIndex(level)
    assert [line.split("  ")[1] for line in panel.text.toPlainText().splitlines()] == texts
    panel.copy.click()
    assert QGuiApplication.clipboard().text().splitlines() == [
        str(line) for line in LINES if line.text in texts
    ]


def test_lines_keep_their_colors_in_another_theme(panel: LogPanel) -> None:
    light = load_theme(ThemeName.LIGHT)
    panel.use_theme(light)
    block = panel.text.document().lastBlock()
    formats = block.textFormats()
    assert formats[-1].format.foreground().color().name() == light.danger
    assert panel.text.toPlainText().splitlines()[0] == "03:04:05  opened"
