"""The first recording finds everything loaded."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events import workspace
from wholefield_app.workspaces.events.opening import warm_up

ROOT = Path(__file__).resolve().parents[4]

# What a frame of another recording calls is compiled already.
CODE = """
from wholefield_app.workspaces.events.opening import warm_up
warm_up()
from wholefield.flow.viz import event_kernels
from wholefield.sources.events.evt3 import EVT3
for loop in (event_kernels.count_into, event_kernels.shade_into, EVT3.load_walk()):
    print(len(loop.signatures))
"""


def test_decoder_and_loops_are_loaded_by_it() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "1"]


def test_it_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    warm_up()
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_that_stays_cold_says_so_in_the_log_only(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace, "warm_up", refuse)
    with qtbot.captureExceptions() as raised:
        window.go_to("events")
        qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert not raised
    assert not window.banner.isVisible()
