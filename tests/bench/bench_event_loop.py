"""How late the event loop of the real window is: at rest, while a training starts, and while it goes on.

The training has a process of its own, as it has by default, or a thread of the window.

A timer that should fire every 5 ms notes when it really does. The training runs on squares of a real slide, with the
tiles lit over it and the curves drawn, so that the window has as much to do as it ever has.

Run it with: python -m tests.bench.bench_event_loop
"""

import os
import platform
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from tests.bench.lateness import Lateness
from tests.e2e.first_light import SLIDE, FirstLight, make_project
from tests.e2e.light import wait_by_qt
from wholefield_app.launch import make_application, make_window
from wholefield_app.settings import Settings

SLIDES = Path(__file__).resolve().parents[3] / "shared" / "data" / "slides"
SIZE = (1600, 1000)
REST_MS, EPOCHS, MEASURED_EPOCHS, LEARNING_RATE = 3000, 40, 4, 5e-4
GIVE_UP_SECONDS = 600


def main() -> None:
    """Print the lateness in ms."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load} before the start, commit {commit}")
    application = make_application()
    for own_process in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            print("a process of its own" if own_process else "a thread of the window")
            os.environ["XDG_STATE_HOME"] = folder
            measure(application, Path(folder), own_process=own_process)


def measure(application: QApplication, folder: Path, *, own_process: bool) -> None:
    """Open the window, train in it, and measure."""
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    Settings(store).own_process = own_process
    window = make_window(application, None, store)
    window.resize(*SIZE)
    window.show()
    light = FirstLight(window, wait_by_qt(GIVE_UP_SECONDS))
    make_project(SLIDES / SLIDE, folder / "project")
    light.open(folder / "project")
    lateness = Lateness()
    report(lateness, "at rest", rest)
    light.train(EPOCHS, LEARNING_RATE)
    report(lateness, "while a training starts", lambda: light.wait_for_tiles(1))
    light.wait_for_epochs(1)
    report(lateness, "while training", lambda: light.wait_for_epochs(1 + MEASURED_EPOCHS))
    light.stop()
    window.close()


def rest() -> None:
    """Do nothing for a while."""
    loop = QEventLoop()
    QTimer.singleShot(REST_MS, loop.quit)
    loop.exec()


def report(lateness: Lateness, title: str, work: Callable[[], None]) -> None:
    """Measure while `work` waits, and print."""
    lateness.begin()
    work()
    lateness.end()
    p50, p95, p99 = (lateness.percentile(percent) for percent in (50, 95, 99))
    latest = max(lateness.late_ms)
    print(f"  {title:24} p50 {p50:6.2f}   p95 {p95:6.2f}   p99 {p99:6.2f}   max {latest:7.1f} ms")


if __name__ == "__main__":
    main()
