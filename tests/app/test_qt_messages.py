"""Messages of Qt reach Python's logging, from any thread."""

import atexit
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qCritical, qInstallMessageHandler, qWarning

from wholefield_app.qt_messages import OFFSCREEN, log_qt_messages


@pytest.fixture(autouse=True)
def handled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The handler is there for one test, then the one before again."""
    monkeypatch.setattr(atexit, "register", lambda *_: None)
    before = qInstallMessageHandler(None)
    log_qt_messages()
    yield
    qInstallMessageHandler(before)


def test_messages_keep_their_level(caplog: pytest.LogCaptureFixture) -> None:
    qWarning("a 100 % warning")
    qCritical("worse")
    assert caplog.record_tuples == [
        ("Qt", logging.WARNING, "a 100 % warning"),
        ("Qt", logging.ERROR, "worse"),
    ]


def test_what_an_absent_screen_cannot_do_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    qWarning(OFFSCREEN)
    assert caplog.records == []


def test_last_words_are_said_aloud(tmp_path: Path) -> None:
    code = (
        "from PySide6.QtCore import qFatal; from wholefield_app.qt_messages import *;"
        "log_qt_messages(); qFatal('no more')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0
    assert "no more" in done.stderr


def test_another_thread_may_speak(caplog: pytest.LogCaptureFixture) -> None:
    thread = threading.Thread(target=qWarning, args=("from afar",))
    thread.start()
    thread.join()
    assert [record.getMessage() for record in caplog.records] == ["from afar"]
