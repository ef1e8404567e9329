"""How late the event loop is while a flow network trains and the recording plays with the flow of another one.

A timer that should fire every 5 ms notes when it really does. Run it with: python -m tests.bench.bench_flow_window
"""

import os
import platform
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from PySide6.QtCore import QSettings

from tests.bench.bench_event_loop import GIVE_UP_SECONDS, SIZE, report, rest
from tests.bench.lateness import Lateness
from tests.e2e.flow_light import FlowLight
from tests.e2e.light import wait_by_qt
from wholefield_app.launch import make_application, make_window
from wholefield_app.viewer.events.style import FlowMode

RECORDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "events" / "person_evt3_640x480.raw"
FIRST = {"delta_t": 100_000, "num_tbins": 2, "base": 2, "scales": 2, "crop_size": 32, "epochs": 1}
SECOND = {"delta_t": 20_000, "num_tbins": 4, "base": 8, "scales": 3, "crop_size": 128, "epochs": 50}


def main() -> None:
    """Print the lateness in ms."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start, commit {commit}")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    """Train a network for its flow, then train another while that flow plays, and measure."""
    application = make_application()
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = make_window(application, None, store)
    window.resize(*SIZE)
    window.show()
    light = FlowLight(window, wait_by_qt(GIVE_UP_SECONDS))
    light.open(RECORDING)
    light.train(folder / "runs", **FIRST)
    light.finish()
    light.show_flow()
    view = light.space.view
    view.set_style(replace(view.style_of_frames, flow=FlowMode.BOTH, threshold=0.0))
    lateness = Lateness()
    report(lateness, "at rest", rest)
    light.train(folder / "runs", **SECOND)
    light.wait_for_previews(len(light.previews) + 1)
    report(lateness, "while training", rest)
    view.player.play()
    report(lateness, "while training and playing with flow", rest)
    view.player.stop()
    light.stop()
    window.close()


if __name__ == "__main__":
    main()
