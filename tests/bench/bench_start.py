"""How long the program computes until its window is painted, and until the workspace in it is there.

Each start is a process of its own. Time is that of the processor: what other programs take away says nothing about
this one.

Run it with: python -m tests.bench.bench_start [STARTS]
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

START = """
import sys, time
from PySide6.QtCore import QSettings
from wholefield_app.first_steps import FirstSteps
from wholefield_app.launch import make_application, make_frame, parse

def say():
    print(time.process_time())

application = make_application()
window = make_frame(application, None, QSettings(sys.argv[1], QSettings.Format.IniFormat))
steps = FirstSteps(window, parse([]))
steps.painted.connect(say)
window.show()
while not window.registry.scope:
    application.processEvents()
say()
window.close()
"""


def main() -> None:
    """Print the seconds of each start."""
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(
        f"{os.cpu_count()} cores; seconds of computing until the first paint, and until the workspace is there"
    )
    with tempfile.TemporaryDirectory() as folder:
        for number in range(starts):
            painted, entered = start(Path(folder) / f"{number}.ini")
            print(f"  start {number + 1}: {painted:.2f} s   {entered:.2f} s")


def start(settings: Path) -> tuple[float, float]:
    """Open the window in a new process with these settings."""
    done = subprocess.run(
        [sys.executable, "-c", START, str(settings)],
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    painted, entered = (float(line) for line in done.stdout.split())
    return painted, entered


if __name__ == "__main__":
    main()
