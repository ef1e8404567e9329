"""Exports: the moments, the picture of the screen, what is kept when they are stopped, flow in every format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, strategies as st
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from tests.app.workspaces.events.dots import HEIGHT, WIDTH
from tests.there import a, there
from wholefield.errors import SettingError, SourceError
from wholefield.export.video import MP4
from wholefield.runs.control import Control, Discarded
from wholefield.runs.reports import PartDone, Report
from wholefield.tasks.events.export_settings import FlowExportSettings
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.document.export import Written
from wholefield_app.video.frames import Framing, Moments, framing_of_view, pixels_of
from wholefield_app.video.settings import (
    Pictures,
    VideoSettings,
    framing_values,
    style_values,
)
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode, FrameStyle
from wholefield_app.viewer.events.timeline import Span
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.export import Shown, flow_values, run_export
from wholefield_app.workspaces.events.export_dialog import COPIED, ExportDialog, ExportKind
from wholefield_app.workspaces.events.workspace import EventsWorkspace

# Text is painted in exports: it needs the fonts of an application.
pytestmark = pytest.mark.usefixtures("qapp")

STYLE = FrameStyle(accumulation_us=20_000, flow=FlowMode.BOTH, step=8)


def export_of(clip: Path, path: Path, **changes: object) -> VideoSettings:
    values: dict[str, Any] = {
        "start_us": 20_000,
        "end_us": 60_000,
        "fps": 20.0,
        "speed": 0.1,
        "zoom": 2.0,
        **style_values(STYLE),
    }
    return VideoSettings(recording=clip, out=path, **(values | changes))


def frames_of(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@given(
    start=st.integers(0, 10**7), length=st.integers(1, 10**7), fps=st.floats(1, 240),
    speed=st.sampled_from([1.0, 0.1, 0.02]),
)  # fmt: skip
def test_moments_are_even_and_cover_the_range(start: int, length: int, fps: float, speed: float) -> None:
    moments = Moments(start, start + length, fps, speed)
    step = 1e6 * speed / fps
    assert len(moments) >= 1
    assert start + (len(moments) - 1) * step < start + length + 1e-3
    assert start + len(moments) * step >= start + length - 1e-3
    times = [time for time, _ in zip(moments, range(50), strict=False)]
    assert times[0] == start
    assert all(abs(time - start - index * step) <= 0.5 + 1e-3 for index, time in enumerate(times))
    assert moments.seconds == len(moments) / fps


def test_a_video_has_the_frames_the_size_and_the_length_that_were_asked_for(
    clip: Path, tmp_path: Path
) -> None:
    reports: list[Report] = []
    found = run_export(export_of(clip, tmp_path / "a.mp4"), reports.append, Control())
    assert found == Written(tmp_path / "a.mp4", complete=True)
    assert [(report.done, report.total) for report in (a(PartDone, each) for each in reports)] == [
        (n, 8) for n in range(1, 9)
    ]
    frames = frames_of(found.path)
    assert [frame.shape for frame in frames] == [(2 * HEIGHT, 2 * WIDTH, 3)] * 8
    with av.open(str(found.path)) as container:
        stream = container.streams.video[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(8 / 20, abs=0.051)


@pytest.mark.parametrize("display", list(EventsDisplay))
def test_frames_are_what_the_screen_shows(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    clip: Path,
    display: EventsDisplay,
) -> None:
    open_clip()
    open_labels()
    view = space.view
    view.set_style(replace(STYLE, events_view=display))
    view.player.go_to(40_000)
    qtbot.waitUntil(
        lambda: (
            window.quiet
            and there(view.frame).request.time_us == 40_000
            and there(view.frame).request.field is not None
        )
    )
    view.canvas.fit()
    view.canvas.zoom_in()
    grabbed = pixels_of(view.canvas.grab().toImage())
    export = export_of(
        clip, tmp_path / "frames", what=Pictures.FRAMES, start_us=40_000, end_us=40_001,
        **flow_values(there(view.flow.provider).source),
        **framing_values(framing_of_view(view.canvas)), events_view=display,
    )  # fmt: skip
    assert run_export(export, lambda report: None, Control()).complete
    (file,) = (tmp_path / "frames").iterdir()
    written = there(cv2.imread(str(file)))[..., ::-1]
    assert np.array_equal(written, grabbed)


def test_a_video_that_is_stopped_is_playable_and_one_that_is_discarded_is_gone(
    clip: Path, tmp_path: Path
) -> None:
    control = Control()

    def stop(report: Report) -> None:
        if a(PartDone, report).done == 3:
            control.stop_and_keep()

    found = run_export(export_of(clip, tmp_path / "a.mp4"), stop, control)
    assert found == Written(tmp_path / "a-unfinished.mp4", complete=False)
    assert len(frames_of(found.path)) == 3
    found.path.unlink()

    control = Control()
    with pytest.raises(Discarded):
        run_export(export_of(clip, tmp_path / "a.mp4"), lambda report: control.discard(), control)
    assert [path.name for path in tmp_path.iterdir()] == [clip.name]


def test_frames_that_were_written_before_a_stop_stay(clip: Path, tmp_path: Path) -> None:
    control = Control()
    export = export_of(clip, tmp_path / "frames", what=Pictures.FRAMES)
    found = run_export(export, lambda report: control.stop_and_keep(), control)
    assert found == Written(tmp_path / "frames", complete=False)
    assert [path.name for path in found.path.iterdir()] == ["000000.png"]


def test_what_cannot_be_exported_is_said(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(SettingError, match="taken"):
        run_export(export_of(clip, tmp_path / "taken" / "a.mp4"), lambda report: None, Control())
    with pytest.raises(SourceError):
        run_export(export_of(tmp_path / "gone.raw", tmp_path / "a.mp4"), lambda report: None, Control())


def test_the_dialog_begins_with_what_the_window_shows(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    qtbot: QtBot,
    clip: Path,
    labels: Path,
    tmp_path: Path,
) -> None:
    open_clip()
    open_labels()
    space.ask_to_export()
    (dialog,) = space.central.findChildren(ExportDialog)
    export = dialog.settings(tmp_path / "a.mp4")
    view = space.view
    assert export == VideoSettings(
        recording=clip, out=tmp_path / "a.mp4", flow=labels, **style_values(view.style_of_frames),
        **framing_values(framing_of_view(view.canvas)),
    )  # fmt: skip
    assert dialog.suggestion.name == "dots.mp4"
    assert dialog.summary.text().startswith("3 frames of ")
    dialog.speed.setCurrentIndex(dialog.speed.findData(0.1))
    dialog.picture_size.setCurrentIndex(3)
    dialog.legend.setChecked(False)
    assert dialog.summary.text() == "30 frames of 96 × 64 px, 1.0 s of video."
    export = a(VideoSettings, dialog.settings(tmp_path / "a.mp4"))
    assert (export.legend, export.zoom, export.size, export.speed) == (False, 2.0, None, 0.1)
    dialog.copy.click()
    command = QGuiApplication.clipboard().text()
    assert command.startswith("wholefield video --out=dots.mp4 --speed=0.1 --zoom=2.0 ")
    assert dialog.summary.text() == COPIED
    dialog.what.setCurrentIndex(dialog.what.findData(ExportKind.HDF5))
    assert dialog.fps.isHidden()
    assert not dialog.delta_t.isHidden()
    assert dialog.suggestion.name == "dots_flow.h5"
    assert dialog.settings(Path("b.h5")) == FlowExportSettings(recording=clip, flow=labels, out=Path("b.h5"))
    assert dialog.summary.text().startswith("10 fields of displacements in px in one file")
    dialog.what.setCurrentIndex(dialog.what.findData(ExportKind.FLO))
    assert dialog.summary.text() == "10 fields of displacements in px in separate files, one every 10 ms."
    assert dialog.suggestion.name == "dots_flow"
    dialog.start.setValue(60_000)
    dialog.end.setValue(60_000)
    assert dialog.summary.text() == "The end must be after the start."
    assert not dialog.export.isEnabled()
    dialog.reject()


def test_hours_can_be_exported(clip: Path, qtbot: QtBot) -> None:
    day = 24 * 3600 * 1_000_000
    framing = Framing(640, 480, (0, 0, 640, 480), "#000000")
    shown = Shown(clip, day, Span(0, day), 1.0, (640, 480), FrameStyle(), framing, FlowSource(clip), 10_000)
    dialog = ExportDialog(shown, MP4, clip.parent)
    qtbot.addWidget(dialog)
    assert dialog.settings(Path("a.mp4")).end_us is None
    dialog.start.setValue(day - 1_000_000)
    dialog.end.setValue(day - 400_000)
    export = dialog.settings(Path("a.mp4"))
    assert (export.start_us, export.end_us) == (day - 1_000_000, day - 400_000)
    assert dialog.summary.text() == "18 frames of 640 × 480 px, 0.6 s of video."
    dialog.what.setCurrentIndex(dialog.what.findData(ExportKind.FLO))
    assert dialog.settings(Path("a")).end_us == day - 400_000


def test_the_window_exports_and_can_be_stopped(
    open_clip: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    clip: Path,
    tmp_path: Path,
) -> None:
    open_clip()
    registry = window.registry
    assert not registry["events.cancel_export"].isEnabled()
    space.export_as(export_of(clip, tmp_path / "a.mp4"))
    assert registry["events.cancel_export"].isEnabled()
    assert not registry["events.export"].isEnabled()
    qtbot.waitUntil(lambda: not space.export.state.active, timeout=20_000)
    assert space.export.written == Written(tmp_path / "a.mp4", complete=True)
    space.export_as(export_of(clip, tmp_path / "b.mp4", start_us=0, end_us=None, fps=30.0, speed=0.001))
    registry["events.cancel_export"].trigger()
    qtbot.waitUntil(lambda: not space.export.state.active, timeout=20_000)
    assert not space.export.written.complete
    assert 0 < len(frames_of(space.export.written.path)) < 3000


def test_a_stop_is_said_as_what_it_is(
    open_clip: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    clip: Path,
    tmp_path: Path,
) -> None:
    open_clip()
    space.export_as(export_of(clip, tmp_path / "b.mp4", start_us=0, end_us=None, fps=30.0, speed=0.001))
    space.export.stop_and_keep()
    assert space.activity.line == "Export: finishing the file"
    assert space.prediction_panel.export_progress.text.text() == "Finishing the file"
    qtbot.waitUntil(lambda: not space.export.state.active, timeout=20_000)
    assert space.activity.line == ""
    assert space.prediction_panel.export_progress.isHidden()
