"""The events workspace in the real window."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFormLayout, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_events
from tests.there import a, there
from wholefield.errors import SourceError
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import write_flo
from wholefield.flow.simulator import SceneSettings
from wholefield.progress import ProgressCallback
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.document import dialogs
from wholefield_app.panels.properties import Properties
from wholefield_app.viewer.events.rate_strip import Rate
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode
from wholefield_app.viewer.events.timeline import Span
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events import (
    document as document_module,
    flow_dialog,
    opening,
)
from wholefield_app.workspaces.events.workspace import EventsWorkspace
from wholefield_resources.demo.events import EventDemoSettings, make_event_demo


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recording of random events and returns its path."""

    def make(name: str = "noise.h5", count: int = 20_000, seed: int = 0) -> Path:
        write_events_hdf5(tmp_path / name, [make_events(count, 200_000, seed)], WIDTH, HEIGHT)
        return tmp_path / name

    return make


@pytest.fixture
def open_recording(window: MainWindow, space: EventsWorkspace, qtbot: QtBot) -> Callable[[Path], None]:
    """Opens a recording and waits until its frame and its rate are there."""

    def do(path: Path) -> None:
        space.open(path)
        qtbot.waitUntil(lambda: space.title == path.name and window.quiet, timeout=20_000)

    return do


def test_at_first_the_page_says_what_to_do(window: MainWindow, space: EventsWorkspace) -> None:
    assert space.welcome.isVisible()
    texts = {button.text() for button in space.welcome.findChildren(QPushButton)}
    assert {"Open a recording", "Open the demo recording"} <= texts
    for name in ("play", "step_on", "open_flow", "save_picture", "close", "sharpened"):
        assert not window.registry[f"events.{name}"].isEnabled()


def text_in(form: QFormLayout, row: int, role: QFormLayout.ItemRole) -> str:
    return a(QLabel, there(form.itemAt(row, role)).widget()).text()


def test_a_recording_is_opened_from_anywhere(
    window: MainWindow, qtbot: QtBot, make_file: Callable[..., Path]
) -> None:
    path = make_file()
    window.open(path)
    qtbot.waitUntil(lambda: window.windowTitle() == "noise.h5 — Wholefield", timeout=20_000)
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    space = window.workspace
    assert isinstance(space, EventsWorkspace)
    assert space.view.isVisible()
    assert window.services.settings.recent_in("events") == (path,)
    facts = space.facts_panel.rows
    label, field = facts.ItemRole.LabelRole, facts.ItemRole.FieldRole
    shown = {text_in(facts, row, label): text_in(facts, row, field) for row in range(facts.rowCount())}
    assert shown["Events"] == "20,000"
    assert shown["Sensor"] == "64 × 48 px"
    command = there(window.registry["events.properties"].definition.command)
    assert there(command()).startswith("wholefield info ")
    window.registry["events.close"].trigger()
    assert space.welcome.isVisible()
    assert window.windowTitle() == "Wholefield"
    qtbot.waitUntil(lambda: window.quiet)


def test_what_is_chosen_in_the_dialog_is_opened(
    window: MainWindow,
    space: EventsWorkspace,
    qtbot: QtBot,
    make_file: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make_file("chosen.h5")
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: path)
    window.registry["events.open"].trigger()
    qtbot.waitUntil(lambda: space.title == "chosen.h5" and window.quiet, timeout=20_000)


def test_a_bad_file_is_said_in_a_sentence(
    window: MainWindow, space: EventsWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.raw"
    bad.write_bytes(b"% evt 2.0\n% end\n")
    space.open(bad)
    qtbot.waitUntil(window.banner.isVisible, timeout=20_000)
    assert "bad.raw" in window.banner.sentence.text()
    assert window.banner.sentence.text().endswith(".")
    assert space.welcome.isVisible()


def test_keys_step_play_and_loop(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    open_recording(make_file())
    view, registry = space.view, window.registry
    step = view.style_of_frames.accumulation_us
    assert view.player.time_us == step
    registry["events.step_on"].trigger()
    assert view.player.time_us == 2 * step
    registry["events.step_back"].trigger()
    registry["events.play"].trigger()
    assert registry["events.play"].isChecked()
    assert not window.quiet
    registry["events.play"].trigger()
    assert not view.player.playing
    registry["events.loop"].trigger()
    assert not view.player.loops
    view.strip.span_chosen.emit(Span(50_000, 60_000))
    assert registry["events.play_all"].isEnabled()
    registry["events.play_all"].trigger()
    assert view.player.chosen is None
    keys = {name: registry[f"events.{name}"].definition.shortcut for name in ("play", "step_on", "step_back")}
    assert keys == {"play": "Space", "step_on": "Right", "step_back": "Left"}
    qtbot.waitUntil(lambda: window.quiet)


def test_the_panel_changes_what_is_shown_and_it_is_remembered(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    open_recording(make_file())
    space.style_panel.scheme.setCurrentText("White")
    qtbot.waitUntil(lambda: window.quiet)
    assert there(space.view.frame).request.style.scheme.background == "#ffffff"
    space.close_document()
    qtbot.waitUntil(lambda: window.quiet)
    window.close()
    assert there(window.services.settings.json("events/style"))["scheme"]["background"] == "#ffffff"


def test_flow_from_a_file_is_shown_as_arrows(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "right.flo"
    flow = np.zeros((2, HEIGHT, WIDTH), np.float32)
    flow[0] = 5
    write_flo(path, flow)
    open_recording(make_file())
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: path)
    monkeypatch.setattr(flow_dialog, "ask_for_span_us", lambda *_: 10_000.0)
    window.registry["events.open_flow"].trigger()
    qtbot.waitUntil(lambda: space.view.flow.provider is not None and window.quiet, timeout=20_000)
    frame = there(space.view.frame)
    assert frame.request.style.flow is FlowMode.ARROWS
    assert frame.top == pytest.approx(500)
    assert space.style_panel.flow_source.text() == "From right.flo"
    window.registry["events.beside"].trigger()
    qtbot.waitUntil(lambda: window.quiet)
    assert [pane.caption for pane in there(space.view.frame).panes] == ["raw", "sharpened"]
    assert window.registry["events.beside"].isChecked()
    window.registry["events.arrows"].trigger()
    assert space.view.style_of_frames.flow is FlowMode.NONE
    window.registry["events.close_flow"].trigger()
    qtbot.waitUntil(lambda: window.quiet)
    assert space.view.flow.provider is None


def test_flow_of_another_sensor_is_refused(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    write_flo(tmp_path / "small.flo", np.zeros((2, 3, 4), np.float32))
    open_recording(make_file())
    space.flow.open(FlowSource(tmp_path / "small.flo", 1000))
    qtbot.waitUntil(window.banner.isVisible, timeout=20_000)
    assert window.banner.sentence.text() == (
        "small.flo has 4 x 3 px, but noise.h5 has 64 x 48; choose the flow of this recording."
    )


def test_another_recording_takes_the_place_of_the_first(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    open_recording(make_file("a.h5"))
    first = there(space.document.recording)
    space.view.set_style(replace(space.view.style_of_frames, events_view=EventsDisplay.BESIDE))
    open_recording(make_file("b.h5", seed=1))
    qtbot.waitUntil(lambda: window.quiet)
    with pytest.raises(SourceError):
        first.events(0, 1000)
    assert there(space.view.frame).request.recording is space.document.recording


def test_while_the_events_are_counted_everything_else_works(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()

    def slow(recording: Recording, progress: ProgressCallback) -> Rate:
        progress(1, 4)
        assert gate.wait(300)
        return index_and_rate(recording, progress)

    index_and_rate = opening.index_and_rate
    monkeypatch.setattr(document_module, "index_and_rate", slow)
    space.open(make_file())
    qtbot.waitUntil(
        lambda: space.view.frame is not None and space.facts_panel.progress.isVisible(), timeout=20_000
    )
    assert space.view.strip._note == "Counting the events: 25%"
    space.view.step(1)
    qtbot.waitUntil(lambda: there(space.view.frame).request.time_us == space.view.player.time_us)
    gate.set()
    qtbot.waitUntil(lambda: window.quiet, timeout=20_000)
    assert not space.facts_panel.progress.isVisible()
    assert space.view.strip._rate.sum() == 20_000


def test_counting_ends_with_the_recording(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, gate, stopped = threading.Event(), threading.Event(), threading.Event()

    def slow(recording: Recording, progress: ProgressCallback) -> None:
        begun.set()
        assert gate.wait(300)
        try:
            progress(1, 2)
        except InterruptedError:
            stopped.set()
            raise

    monkeypatch.setattr(document_module, "index_and_rate", slow)
    space.open(make_file())
    qtbot.waitUntil(lambda: space.title == "noise.h5" and begun.is_set(), timeout=20_000)
    space.close_document()
    gate.set()
    qtbot.waitUntil(lambda: window.quiet and stopped.is_set(), timeout=20_000)
    assert not window.banner.isVisible()


def test_properties_and_the_picture_of_the_frame(
    window: MainWindow,
    space: EventsWorkspace,
    make_file: Callable[..., Path],
    open_recording: Callable[[Path], None],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_recording(make_file())
    window.registry["events.properties"].trigger()
    dialog = there(space.central.findChild(Properties))
    assert dialog.windowTitle() == "Properties of noise.h5"
    dialog.close()
    out = tmp_path / "frame.png"
    monkeypatch.setattr(dialogs, "ask_for_picture", lambda *_: out)
    window.registry["events.save_picture"].trigger()
    assert QImage(str(out)).size() == space.view.canvas.size()


def test_the_demo_recording_comes_with_its_flow(
    window: MainWindow, space: EventsWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    scene = SceneSettings(width=64, height=48, duration_us=60_000, planes=2, label_delta_us=20_000)
    settings = EventDemoSettings(scene)
    space.demo.make = lambda progress: make_event_demo(tmp_path / "demo", progress, settings)
    window.registry["events.open_demo"].trigger()
    assert not window.registry["events.open_demo"].isEnabled()
    qtbot.waitUntil(lambda: space.view.flow.provider is not None and window.quiet, timeout=60_000)
    assert space.title == "sliding_planes.h5"
    assert there(space.view.frame).request.field is not None
    assert window.registry["events.open_demo"].isEnabled()


def test_no_line_of_a_fact_is_lost_in_a_smaller_window(
    window: MainWindow, space: EventsWorkspace, open_clip: Callable[[], None], qapp: QApplication
) -> None:
    window.resize(1600, 1000)
    open_clip()
    names = ("Format", "Sensor", "Mean rate", "Date", "firmware_version", *"abcdefgh")
    space.facts_panel.show_facts([(name, "2020-09-14 09:03:25") for name in names])
    for _ in range(3):
        qapp.processEvents()
    window.resize(1280, 720)
    for _ in range(3):
        qapp.processEvents()
    rows = space.facts_panel.rows
    for row in range(rows.rowCount()):
        label = a(QLabel, there(rows.itemAt(row, rows.ItemRole.FieldRole)).widget())
        assert label.height() >= label.heightForWidth(label.width())
