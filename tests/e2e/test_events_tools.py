"""The daily tools on a recording in the real window: open, filter, cut, export, and read back."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.app.spaces import events_of
from wholefield.sources import open_indexed
from wholefield.sources.events.filters.chain import FilterChain
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.export_dialog import ExportDialog

FILTERS = "hot=10, refractory=1ms, background=10ms, roi=100:60:500:400"


@pytest.mark.e2e
def test_open_filter_cut_and_export(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, data_folder: Path
) -> None:
    path = data_folder / "events" / "person_evt3_640x480.raw"
    window.go_to("events")
    space = events_of(window)
    window.open(path)
    qtbot.waitUntil(lambda: space.view.frame is not None and window.quiet, timeout=60_000)
    space.filtering.set_chain(FilterChain.parse(FILTERS))
    qtbot.waitUntil(lambda: space.filtering.filtered is not None and window.quiet, timeout=60_000)
    player = space.view.player
    player.go_to(800_000)
    window.registry["events.mark_in"].trigger()
    player.go_to(1_500_000)
    window.registry["events.mark_out"].trigger()
    window.registry["events.export_events"].trigger()
    dialog = space.central.findChild(ExportDialog)
    assert dialog is not None
    settings = dialog.settings(tmp_path / "cut.raw")
    dialog.reject()
    space.export_as(settings)
    qtbot.waitUntil(lambda: space.export.written is not None and window.quiet, timeout=60_000)
    with open_indexed(path, filters=FILTERS) as recording:
        expected = recording.events(800_000, 1_500_000)
    with open_indexed(tmp_path / "cut.raw") as recording:
        found = recording.events(0, 10**9)
    assert 1000 < len(expected) < 343_474
    expected["t"] -= expected["t"][0]
    np.testing.assert_array_equal(found, expected)
