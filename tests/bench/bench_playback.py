"""Frames a second while a recording of 1280 x 720 px plays with 3,600 arrows, and how late the event loop is.

The recording is made in memory: 20 million events a second all over the sensor, 200,000 a frame. A painted frame takes
the time of its events, arrows and words; what the worker needs to count, sharpen, colour and place them is given beside
it.

Run it with: python -m tests.bench.bench_playback
"""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.bench.lateness import Lateness
from wholefield.sources.events.recording import EVENT_DTYPE, RecordingDescription
from wholefield.sources.events.table import ArrayTable, TableRecording
from wholefield.tasks.events.flow_files import SingleFlow
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.theme.theme import ThemeName, load_theme
from wholefield_app.viewer.events.arrows import paint_arrows
from wholefield_app.viewer.events.event_view import EventView
from wholefield_app.viewer.events.frames import Frame, FrameMaker
from wholefield_app.viewer.events.painter import frame_image
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode, FrameStyle

WIDTH, HEIGHT, DURATION_US = 1280, 720, 2_000_000
RATE = 20e6
STYLE = FrameStyle(accumulation_us=10_000, step=16, threshold=0, only_on_events=False)
PLAYED_MS, REPEATS = 4000, 15


def main() -> None:
    """Print the figures of every way to show the recording."""
    application = QApplication.instance() or QApplication([])
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start, commit {commit}")
    view = EventView(load_theme(ThemeName.DARK))
    view.show()
    view.canvas.setFixedSize(WIDTH, HEIGHT)
    view.show_recording(make_recording())
    view.flow.set_provider(make_flow())
    for flow, sight in (
        (FlowMode.NONE, EventsDisplay.RAW), (FlowMode.ARROWS, EventsDisplay.RAW), (FlowMode.BOTH, EventsDisplay.RAW),
        (FlowMode.NONE, EventsDisplay.SHARPENED), (FlowMode.ARROWS, EventsDisplay.SHARPENED),
        (FlowMode.ARROWS, EventsDisplay.BESIDE),
    ):  # fmt: skip
        measure(view, replace(STYLE, flow=flow, events_view=sight))
    view.shutdown()
    application.processEvents()


def make_recording() -> TableRecording:
    """Events at random over the sensor."""
    random = np.random.default_rng(0)
    events = np.zeros(int(RATE * DURATION_US / 1e6), EVENT_DTYPE)
    events["x"] = random.integers(0, WIDTH, events.size, np.uint16)
    events["y"] = random.integers(0, HEIGHT, events.size, np.uint16)
    events["p"] = random.integers(0, 2, events.size, np.int16)
    events["t"] = np.linspace(0, DURATION_US - 1, events.size).astype(np.int64)
    return TableRecording(
        Path("memory.npz"), RecordingDescription("memory", WIDTH, HEIGHT), ArrayTable(events)
    )


def make_flow() -> SingleFlow:
    """A turning scene."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return SingleFlow(
        FlowSource(Path("turning.flo")),
        np.stack([HEIGHT / 2 - y, x - WIDTH / 2]).astype(np.float32) * 3,
        DURATION_US + 1,
    )


def measure(view: EventView, style: FrameStyle) -> None:
    """Play for a while, and time the parts of a frame."""
    view.set_style(style)
    view.player.go_to(DURATION_US // 2)
    settle(view)
    shown: list[int] = []
    view.shown.connect(lambda frame: shown.append(frame.request.time_us))
    lateness = Lateness()
    lateness.begin()
    view.player.play()
    start = time.perf_counter()
    wait(PLAYED_MS)
    seconds = time.perf_counter() - start
    lateness.end()
    view.player.stop()
    view.shown.disconnect()
    settle(view)
    frame = view.frame
    assert frame is not None
    maker = FrameMaker()
    report(style, frame, len(shown) / seconds, lateness, median_ms(lambda: maker.make(frame.request)))


def report(style: FrameStyle, frame: Frame, rate: float, lateness: Lateness, made: float) -> None:
    """Print one line."""
    count = len(frame.arrows) if frame.arrows is not None else 0
    paint = median_ms(lambda: frame_image(frame, WIDTH, HEIGHT))
    line = f"{style.events_view:9} {style.flow:6} {count:5} arrows: {rate:5.1f} frames/s, painted in {paint:4.1f} ms"
    if count:
        line += f", arrows {median_ms(lambda: draw(frame)):4.1f} ms"
    print(
        f"{line}, made in {made:4.1f} ms, event loop late p95 {lateness.percentile(95):4.1f} ms, "
        f"most {max(lateness.late_ms):5.1f} ms"
    )


def draw(frame: Frame) -> None:
    """Paint the arrows alone."""
    assert frame.arrows is not None
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_arrows(painter, frame.arrows, QPointF(0, 0), 1.0, True)
    painter.end()


def median_ms(work: Callable[[], object]) -> float:
    """Median milliseconds of some calls."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.median(times))


def wait(milliseconds: int) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def settle(view: EventView) -> None:
    """Wait until the frame and the flow are there."""
    while view.busy:
        wait(20)


if __name__ == "__main__":
    main()
