"""A recording of 5 GB in the window: when its first frame is there, how long it is counted, memory while it plays.

The recording is synthetic (EVT 3.0, 1280 x 720 px, 1.8 million events a second) and removed afterwards.

Run it with: python -m tests.bench.bench_playback_large [GIGABYTES [SECONDS TO PLAY]]
"""

import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
from PySide6.QtCore import QSettings

from tests.bench.bench_event_loop import SIZE
from tests.bench.bench_events import write_large
from tests.bench.bench_playback import wait
from tests.bench.lateness import Lateness
from tests.bench.measure import resident
from wholefield.tasks.events.flow_files import SingleFlow
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.launch import make_application, make_window
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.workspace import EventsWorkspace

PARTS = 4
STYLES: dict[str, dict[str, Any]] = {
    "raw": {"flow": FlowMode.NONE, "events_view": EventsDisplay.RAW},
    "with arrows and colours": {"flow": FlowMode.BOTH, "events_view": EventsDisplay.RAW},
    "raw beside sharpened": {"flow": FlowMode.ARROWS, "events_view": EventsDisplay.BESIDE},
}


def main(gigabytes: float = 5.0, seconds: float = 20.0) -> None:
    """Print all."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start, commit {commit}")
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.raw"
        write_large(path, gigabytes)
        store = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = make_window(application, None, store)
        window.resize(*SIZE)
        window.show()
        window.go_to("events")
        until(lambda: window.quiet)
        space = window.workspace
        assert isinstance(space, EventsWorkspace)
        open_and_count(window, space, path)
        for name, style in STYLES.items():
            play(space, name, style, seconds)
        window.close()


def open_and_count(window: MainWindow, space: EventsWorkspace, path: Path) -> None:
    """Open the recording; print when the first frame is there, and how the window answers until all is counted."""
    before, start = resident(), time.perf_counter()
    window.open(path)
    until(lambda: space.view.frame is not None)
    print(f"{path.stat().st_size / 1e9:.1f} GB: first frame after {time.perf_counter() - start:.2f} s")
    lateness = Lateness()
    lateness.begin()
    recording = space.document.recording
    assert recording is not None
    until(lambda: recording.indexed and window.quiet)
    lateness.end()
    print(
        f"counted after {time.perf_counter() - start:.1f} s: {recording.num_events / 1e6:.0f} M events; "
        f"event loop late p95 {lateness.percentile(95):.1f} ms, most {max(lateness.late_ms):.0f} ms; "
        f"memory grew by {(resident() - before) / 1e6:.0f} MB"
    )


def play(space: EventsWorkspace, name: str, style: dict[str, Any], seconds: float) -> None:
    """Play for a while; print frames a second, lateness, and how much memory is held after each part of it."""
    view = space.view
    if style["flow"] is not FlowMode.NONE and view.flow.provider is None:
        recording = view.recording
        assert recording is not None
        space.flow.show(make_flow(recording.width, recording.height, recording.duration_us))
    view.set_style(replace(view.style_of_frames, accumulation_us=33_000, **style))
    shown: list[int] = []
    view.shown.connect(lambda frame: shown.append(frame.request.time_us))
    view.player.play()
    wait(1000)
    shown.clear()
    lateness, held = Lateness(), [memory()]
    lateness.begin()
    for _ in range(PARTS):
        wait(round(1000 * seconds / PARTS))
        held.append(memory())
    lateness.end()
    view.player.stop()
    view.shown.disconnect()
    print(
        f"{name:24} {len(shown) / seconds:5.1f} frames/s, event loop late p95 {lateness.percentile(95):4.1f} ms, "
        f"memory {', '.join(f'{value / 1e6:.0f}' for value in held)} MB"
    )


def make_flow(width: int, height: int, duration_us: int) -> SingleFlow:
    """A turning scene."""
    y, x = np.mgrid[:height, :width]
    flow = np.stack([height / 2 - y, x - width / 2]).astype(np.float32)
    return SingleFlow(FlowSource(Path("turning.flo"), 1.0), flow, duration_us + 1)


def memory() -> int:
    """Resident memory in bytes, garbage left out."""
    gc.collect()
    return resident()


def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until a condition holds."""
    while not condition():
        wait(5)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
