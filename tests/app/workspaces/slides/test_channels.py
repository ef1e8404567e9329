"""Channels of slides in the window: listed with their names, shown as chosen, remembered with the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import there
from wholefield_app.panels.channels_panel import ROWS
from wholefield_app.viewer.levels import Levels
from wholefield_app.window.main_window import MainWindow

NAMES = ["DAPI", "GFP", *(f"Marker {number}" for number in range(2, 40))]


@pytest.fixture
def markers(tmp_path: Path) -> Path:
    """An image of 40 channels of 16 bits; channel c is 100 * (c + 1) everywhere but in its first row."""
    values = np.broadcast_to(100 * (np.arange(40, dtype=np.uint16) + 1)[:, None, None], (40, 64, 96)).copy()
    values[:, 0] = 0
    path = tmp_path / "markers.ome.tif"
    tifffile.imwrite(path, values, ome=True, metadata={"axes": "CYX", "Channel": {"Name": NAMES}})
    return path


def color(window: MainWindow, qtbot: QtBot) -> tuple[int, int, int] | None:
    """What is seen in the middle of the slide."""
    view = slides_of(window).view
    qtbot.waitUntil(lambda: window.quiet and view.color_at(50, 40) is not None)
    return view.color_at(50, 40)


def test_channels_are_listed_filtered_and_shown(
    window: MainWindow, markers: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    open_and_wait(markers)
    space = slides_of(window)
    panel, channels = space.channels_panel, space.display.channels
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == NAMES
    assert not panel.filter.isHidden()
    panel.filter.setText("gfp")
    assert [row for row in range(40) if not panel.list.item(row).isHidden()] == [1]
    panel.filter.clear()
    panel.none.click()
    assert color(window, qtbot) == (0, 0, 0)
    panel.list.item(1).setCheckState(Qt.CheckState.Checked)
    panel.list.setCurrentRow(1)
    panel.levels.low.setValue(0)
    panel.levels.high.setValue(400)
    assert color(window, qtbot) == (0, 128, 0)
    panel.levels.gamma.setValue(2)
    assert color(window, qtbot) == (0, 64, 0)
    panel.levels.inverted.setChecked(True)
    assert color(window, qtbot) == (0, 64, 0)
    panel.alone.click()
    panel.levels.gamma.setValue(1)
    panel.levels.inverted.setChecked(False)
    assert color(window, qtbot) == (128, 128, 128)
    assert there(channels.current_facts).highest == 200


def test_how_a_file_is_shown_is_remembered(
    window: MainWindow,
    markers: Path,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    open_and_wait(markers)
    space = slides_of(window)
    channels = space.display.channels
    channels.set_visible(False, range(1, 40))
    channels.set_levels(Levels(0, 200))
    open_and_wait(make_slide("other.tif"))
    assert len(channels.settings) == 3
    open_and_wait(markers)
    assert (channels.settings[0].low, channels.settings[0].high) == (0, 200)
    assert color(window, qtbot) == (0, 0, 128)
    space.channels_panel.reset.click()
    assert channels.untouched
    space.display.save()
    assert space.display.memory.of_file(str(markers)) == ()


def test_a_color_picture_has_three_channels_and_is_shown_as_it_is(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    open_and_wait(make_slide("slide.tif"))
    space = slides_of(window)
    channels = space.display.channels
    plain = there(color(window, qtbot))
    assert [each.name for each in channels.settings] == ["Red", "Green", "Blue"]
    assert channels.selected == (0, 1, 2)
    window.workspace.panel_wanted.emit("slides.contrast", True)
    qtbot.waitUntil(lambda: channels.current_facts is not None)
    channels.set_levels(Levels(0, 510))
    assert color(window, qtbot) == tuple(int(np.rint(value / 2)) for value in plain)
    channels.set_visible(False, [0])
    assert there(color(window, qtbot))[0] == 0
    channels.reset()
    assert color(window, qtbot) == plain


def test_presets_are_saved_applied_and_deleted(
    window: MainWindow,
    markers: Path,
    open_and_wait: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_and_wait(markers)
    panel, channels = slides_of(window).channels_panel, slides_of(window).display.channels
    assert panel.presets.isHidden()
    channels.set_visible(False, range(2, 40))
    saved = channels.settings
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Two", True))
    panel.save.click()
    channels.reset()
    panel.presets.activated.emit(panel.presets.findText("Two"))
    assert channels.settings == saved
    panel.delete.click()
    assert panel.presets.isHidden()


def test_few_channels_need_no_filter_and_one_needs_no_list(
    window: MainWindow, tmp_path: Path, open_and_wait: Callable[[Path], None]
) -> None:
    tifffile.imwrite(tmp_path / "gray.tif", np.arange(6000, dtype=np.float32).reshape(60, 100))
    open_and_wait(tmp_path / "gray.tif")
    space = slides_of(window)
    assert ROWS > 3
    assert space.channels_panel.filter.isHidden()
    assert space.channels_panel.list.isHidden()
    assert not space.channels_panel.levels.histogram.isHidden()
