"""Filters, regions, ranges and the export of events in the real window."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.app.workspaces.events.dots import drifting_dots
from tests.there import a
from wholefield.sources import open_indexed
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.tasks.events.events_export_settings import EventsExportSettings
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.export_dialog import ExportDialog, ExportKind
from wholefield_app.workspaces.events.filters_panel import MOST_ROWS
from wholefield_app.workspaces.events.workspace import EventsWorkspace

DOTS = drifting_dots()


@pytest.fixture
def apply(window: MainWindow, space: EventsWorkspace, qtbot: QtBot) -> Callable[[str], None]:
    """Filters the open recording and waits until what is left is shown."""

    def do(text: str) -> None:
        space.filtering.set_chain(FilterChain.parse(text))
        qtbot.waitUntil(lambda: window.quiet, timeout=20_000)

    return do


def test_everything_sees_what_is_left(
    window: MainWindow, space: EventsWorkspace, open_clip: Callable[[], None], apply: Callable[[str], None]
) -> None:
    open_clip()
    moment = space.view.player.duration_us // 2
    space.view.player.go_to(moment)
    apply("polarity=on")
    assert space.view.player.time_us == moment
    assert space.view.recording is space.filtering.recording
    assert space.view.recording is not space.document.recording
    frame = space.view.frame
    assert frame is not None
    assert frame.request.recording is space.filtering.recording
    left = int((DOTS["p"] == 1).sum())
    assert f"{left:,} of {len(DOTS):,} events are left" in space.filters_panel.effect.text()
    assert space.draft.value("filters") == "polarity=on"
    assert "--filters=polarity=on" in str(space.export_events_command()).replace("'", "")
    apply("")
    assert space.view.recording is space.document.recording
    assert space.draft.value("filters") is None


def test_the_panel_adds_changes_orders_and_removes(
    window: MainWindow, space: EventsWorkspace, open_clip: Callable[[], None], qtbot: QtBot
) -> None:
    panel = space.filters_panel
    assert not panel.isEnabled()
    open_clip()
    panel.add_filter("refractory")
    panel.add_filter("background")
    assert space.filtering.chain.text == "refractory=1ms, background=10ms"
    assert [type(field) for field in panel.fields] == [QLineEdit, QLineEdit]
    field = a(QLineEdit, panel.fields[0])
    field.setText("5 ms")
    field.editingFinished.emit()
    panel.up.click()
    assert space.filtering.chain.text == "background=5ms, refractory=1ms"
    assert panel.chosen == 0
    told: list[str] = []
    panel.problem_told.connect(told.append)
    field = a(QLineEdit, panel.fields[0])
    field.setText("soon")
    field.editingFinished.emit()
    assert "must be a number such as 10ms" in told[0]
    assert field.text() == "5ms"
    window.banner.hide()
    item = panel.list.item(1)
    assert item is not None
    item.setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert space.filtering.setting == "background=5ms"
    first = panel.list.item(0)
    assert first is not None
    assert "→ " in first.text()
    panel.list.setCurrentRow(0)
    panel.remove.click()
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert [each.name for each in space.filtering.chain.filters] == ["refractory"]
    assert space.filtering.recording is space.document.recording


def test_the_list_takes_the_room_of_its_filters(
    space: EventsWorkspace, open_clip: Callable[[], None]
) -> None:
    panel = space.filters_panel
    open_clip()
    assert panel.list.isHidden()
    heights = []
    for _ in range(MOST_ROWS + 1):
        panel.add_filter("refractory")
        assert not panel.list.isHidden()
        heights.append(panel.list.height())
    assert heights[:-1] == sorted(set(heights))
    assert heights[-1] == heights[-2]


def test_a_box_that_is_dragged_is_kept(
    window: MainWindow, space: EventsWorkspace, open_clip: Callable[[], None], qtbot: QtBot
) -> None:
    open_clip()
    canvas = space.view.canvas
    window.registry["events.region_box"].trigger()
    area = canvas.frame_rect

    def at(x: float, y: float) -> QPoint:
        scale = area.width() / space.view.recording.width  # type: ignore[union-attr]
        return QPoint(round(area.x() + x * scale), round(area.y() + y * scale))

    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at(2, 3))
    qtbot.mouseMove(canvas, at(12, 9))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(12, 9))
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert space.filtering.chain.text == "roi=2:3:12:9"
    events = space.filtering.recording
    assert events is not None
    found = events.events(0, 10**9)
    assert found.size
    assert found["x"].min() >= 2
    assert found["x"].max() < 12
    assert not canvas.region_hand.active
    window.registry["events.region_clear"].trigger()
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert space.filtering.recording is space.document.recording


def test_a_region_stands_behind_what_moves_events(
    space: EventsWorkspace, open_clip: Callable[[], None], apply: Callable[[str], None]
) -> None:
    open_clip()
    apply("roi=0:0:20:20, flip, polarity=on")
    hand = space.view.canvas.region_hand
    hand.drawn.emit(((1.0, 1.0), (9.0, 1.0), (9.0, 9.0)))
    assert space.filtering.chain.text == "roi=0:0:20:20, flip=horizontal, roi=1:1:9:1:9:9, polarity=on"
    hand.drawn.emit(((2.0, 2.0), (5.0, 5.0)))
    assert space.filtering.chain.text == "roi=0:0:20:20, flip=horizontal, roi=2:2:5:5, polarity=on"


def test_filters_that_cannot_be_are_told(
    window: MainWindow,
    space: EventsWorkspace,
    open_clip: Callable[[], None],
    apply: Callable[[str], None],
    qtbot: QtBot,
) -> None:
    open_clip()
    apply("roi=5000:5000:6000:6000")
    qtbot.waitUntil(lambda: "holds no pixel" in window.banner.sentence.text(), timeout=20_000)
    assert space.view.recording is space.document.recording
    window.banner.hide()


def test_a_range_is_marked_and_time_runs_back(
    window: MainWindow, space: EventsWorkspace, open_clip: Callable[[], None]
) -> None:
    open_clip()
    player = space.view.player
    player.go_to(20_000)
    window.registry["events.mark_in"].trigger()
    player.go_to(60_000)
    window.registry["events.mark_out"].trigger()
    assert player.chosen is not None
    assert (player.chosen.start_us, player.chosen.end_us) == (20_000, 60_000)
    window.registry["events.backwards"].trigger()
    player.play()
    player.stop()
    assert player.backwards
    assert player.time_us <= 60_000


@pytest.mark.parametrize("name", ["cut.raw", "cut.csv"])
def test_events_are_exported_as_they_are_seen(
    window: MainWindow,
    space: EventsWorkspace,
    open_clip: Callable[[], None],
    apply: Callable[[str], None],
    qtbot: QtBot,
    tmp_path: Path,
    name: str,
) -> None:
    open_clip()
    apply("polarity=on, roi=0:0:30:30")
    space.view.player.go_to(20_000)
    window.registry["events.mark_in"].trigger()
    window.registry["events.export_events"].trigger()
    dialog = space.central.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.kind is ExportKind.EVENTS
    dialog.format.setCurrentIndex(
        dialog.format.findText("CSV" if name.endswith("csv") else "Prophesee RAW EVT3")
    )
    assert dialog.suggestion.suffix == Path(name).suffix
    settings = dialog.settings(tmp_path / name)
    assert isinstance(settings, EventsExportSettings)
    dialog.reject()
    space.export_as(settings)
    qtbot.waitUntil(lambda: space.export.written is not None, timeout=20_000)
    kept = space.filtering.recording
    assert kept is not None
    expected = kept.events(20_000, 10**9)
    with open_indexed(tmp_path / name) as recording:
        found = recording.events(0, 10**9)
    expected["t"] -= expected["t"][0]
    np.testing.assert_array_equal(found, expected)
