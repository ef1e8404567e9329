"""A recording on the screen: frames come, follow the time, and are what an export paints."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.app.viewer.events.conftest import GatedFlow
from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_recording
from tests.there import there
from wholefield.errors import SourceError
from wholefield_app.theme.theme import ThemeName, load_theme
from wholefield_app.viewer.events.event_view import EventView
from wholefield_app.viewer.events.frame_view import PixelReadout, readout_at
from wholefield_app.viewer.events.painter import frame_image
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode


def settle(view: EventView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not view.busy, timeout=20_000)


@pytest.fixture
def shown(view: EventView, qtbot: QtBot) -> EventView:
    """The view with a recording of 100 ms, accumulated over 20 ms."""
    view.show_recording(make_recording(), 20_000)
    settle(view, qtbot)
    return view


def test_at_first_the_first_full_frame_is_shown(shown: EventView) -> None:
    assert there(shown.frame).request.time_us == 20_000
    assert shown.transport.accumulation.value() == 20_000
    assert shown.transport.time.maximum() == 100_000
    assert there(shown.frame).total.sum() == make_recording().count(0, 20_000)


def test_the_frame_follows_the_time(shown: EventView, qtbot: QtBot) -> None:
    for move, time_us in (
        (lambda: shown.step(1), 40_000), (lambda: shown.strip.scrubbed.emit(77_000), 77_000),
        (lambda: shown.transport.time.setValue(5_000), 5_000), (lambda: shown.step(-3), 0),
    ):  # fmt: skip
        move()
        settle(shown, qtbot)
        assert there(shown.frame).request.time_us == time_us
        assert there(shown.frame).total.sum() == make_recording().count(max(time_us - 20_000, 0), time_us)


def test_playing_shows_frame_after_frame(shown: EventView, qtbot: QtBot) -> None:
    times = []
    shown.shown.connect(lambda frame: times.append(frame.request.time_us))
    shown.player.set_speed(0.1)
    shown.player.play()
    qtbot.waitUntil(lambda: len(times) > 5, timeout=20_000)
    shown.player.stop()
    settle(shown, qtbot)
    assert there(shown.frame).request.time_us == shown.player.time_us
    assert len(set(times)) > 4


def test_the_screen_shows_what_an_export_paints(shown: EventView, gated: GatedFlow, qtbot: QtBot) -> None:
    shown.flow.set_provider(gated)
    shown.set_style(replace(shown.style_of_frames, flow=FlowMode.BOTH, events_view=EventsDisplay.BESIDE))
    settle(shown, qtbot)
    place = shown.canvas.frame_rect.toRect()
    grabbed = shown.canvas.grab(place).toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert grabbed == frame_image(there(shown.frame), place.width(), place.height())


def test_flow_comes_later_than_the_events_and_is_shown_then(
    shown: EventView, gated: GatedFlow, qtbot: QtBot
) -> None:
    gated.gate.clear()
    shown.flow.set_provider(gated)
    shown.set_style(replace(shown.style_of_frames, flow=FlowMode.ARROWS))
    qtbot.waitUntil(lambda: there(shown.frame).request.style.flow is FlowMode.ARROWS)
    assert there(shown.frame).arrows is None
    gated.gate.set()
    qtbot.waitUntil(lambda: there(shown.frame).arrows is not None)
    settle(shown, qtbot)
    shown.flow.set_provider(None)
    settle(shown, qtbot)
    assert there(shown.frame).arrows is None


def test_no_flow_is_worked_out_that_nobody_sees(shown: EventView, gated: GatedFlow, qtbot: QtBot) -> None:
    shown.flow.set_provider(gated)
    shown.step(1)
    settle(shown, qtbot)
    assert not gated.asked


def test_a_frame_that_cannot_be_read_is_said_and_stops_playing(
    shown: EventView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(start: int, end: int) -> None:
        raise SourceError("memory.npz is damaged; copy it again.")

    monkeypatch.setattr(shown.recording, "events", fail)
    with qtbot.waitSignal(shown.problem) as told:
        shown.player.play()
    assert told.args[0].sentence == "memory.npz is damaged; copy it again."
    assert not shown.player.playing
    settle(shown, qtbot)


def test_a_recording_is_closed_after_the_frame_in_work(shown: EventView, qtbot: QtBot) -> None:
    first, second = there(shown.recording), make_recording(seed=1)
    shown.show_recording(second, 5_000)
    shown.release(first)
    settle(shown, qtbot)
    with pytest.raises(SourceError):
        first.events(0, 1000)
    assert there(shown.frame).request.recording is second


def test_what_is_under_the_mouse_is_told(shown: EventView, gated: GatedFlow, qtbot: QtBot) -> None:
    told: list[PixelReadout] = []
    shown.hovered.connect(told.append)
    shown.flow.set_provider(gated)
    shown.set_style(replace(shown.style_of_frames, flow=FlowMode.ARROWS))
    settle(shown, qtbot)
    shown.canvas.zoom_to(4.0)
    qtbot.mouseMove(shown.canvas, QPoint(shown.canvas.width() // 2, shown.canvas.height() // 2))
    readout = told[-1]
    assert abs(readout.x - WIDTH // 2) <= 1
    assert abs(readout.y - HEIGHT // 2) <= 1
    assert readout.events == there(shown.frame).total[readout.y, readout.x]
    assert readout.flow == (1000.0, 0.0)
    shown.step(1)
    settle(shown, qtbot)
    assert told[-1].time_us == 40_000


def test_both_panes_tell_of_the_same_pixel(shown: EventView, qtbot: QtBot) -> None:
    shown.set_style(replace(shown.style_of_frames, events_view=EventsDisplay.BESIDE))
    settle(shown, qtbot)
    frame = there(shown.frame)
    second = frame.size[0] - WIDTH
    assert readout_at(frame, 12.7, 30.2) == readout_at(frame, second + 12.7, 30.2)
    assert readout_at(frame, WIDTH + 0.5, 30.2) is None
    assert readout_at(frame, -0.5, 3) is None
    assert readout_at(frame, 3, HEIGHT) is None


def test_the_zoom_stays_while_it_plays(shown: EventView, qtbot: QtBot) -> None:
    shown.canvas.zoom_to(10.0)
    shown.step(1)
    settle(shown, qtbot)
    assert shown.canvas.scale == 10.0


def test_colors_around_the_frame_are_those_of_the_theme(shown: EventView) -> None:
    light = load_theme(ThemeName.LIGHT)
    shown.use_theme(light)
    assert shown.canvas.grab().toImage().pixelColor(1, 1).name() == light.canvas


def test_nothing_is_shown_after_the_recording_is_gone(shown: EventView, qtbot: QtBot) -> None:
    shown.show_recording(None)
    settle(shown, qtbot)
    assert shown.frame is None
    assert shown.request_at(0) is None
    qtbot.mouseClick(shown.canvas, Qt.MouseButton.LeftButton)
    assert shown.player.duration_us == 0
