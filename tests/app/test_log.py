import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
from pytestqt.qtbot import QtBot

from wholefield_app.log import LogLine, SessionLog


@pytest.fixture
def log(qtbot: QtBot) -> Iterator[SessionLog]:
    made = SessionLog()
    made.install()
    yield made
    made.remove()


def test_our_own_lines_count_from_info_on_and_others_from_warning_on(log: SessionLog, qtbot: QtBot) -> None:
    logging.getLogger("wholefield_app.somewhere").info("opened %s", "a.svs")
    logging.getLogger("wholefield_app.somewhere").debug("too small to tell")
    logging.getLogger("lightning.pytorch").setLevel(logging.INFO)
    logging.getLogger("lightning.pytorch").info("not ours")
    logging.getLogger("lightning.pytorch").warning("heard")
    qtbot.waitUntil(lambda: len(log.lines) == 2)
    assert [(line.level, line.text) for line in log.lines] == [
        (logging.INFO, "opened a.svs"),
        (logging.WARNING, "heard"),
    ]


def test_after_removal_nothing_is_heard(log: SessionLog, qtbot: QtBot) -> None:
    log.remove()
    logging.getLogger("wholefield_app").error("unheard")
    assert not any(type(handler).__name__ == "_MailHandler" for handler in logging.getLogger().handlers)


def test_a_line_is_copied_with_time_and_level() -> None:
    line = LogLine(datetime(2026, 1, 2, 3, 4, 5), logging.WARNING, "careful")
    assert str(line) == "03:04:05  WARNING  careful"
