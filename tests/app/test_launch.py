"""Starting the program, each time in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from wholefield_app.launch import NO_DISPLAY, parse
from wholefield_app.theme.theme import ThemeName

ROOT = Path(__file__).resolve().parents[2]

FIRST_PAINT = """
import sys
from PySide6.QtCore import QSettings
from wholefield_app.first_steps import FirstSteps
from wholefield_app.launch import make_application, make_frame, parse

def say():
    print("loaded:", *(name for name in HEAVY if name in sys.modules))

HEAVY = ("wholefield_app.workspaces.slides.workspace", "torch", "lightning", "pyqtgraph", "tifffile")
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


def run(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments; None takes a variable out of the environment."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_window_is_painted_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    done = run("-c", FIRST_PAINT, str(tmp_path / "settings.ini"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["loaded:", "loaded: wholefield_app.workspaces.slides.workspace"]


def test_without_a_display_a_sentence_says_so() -> None:
    done = run("-m", "wholefield_app", DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert (done.returncode, done.stderr.strip()) == (1, NO_DISPLAY)


def test_a_screenshot_needs_no_display(tmp_path: Path, make_slide: Callable[..., Path]) -> None:
    slide, out = make_slide("a.tif"), tmp_path / "out.png"
    done = run(
        "-m", "wholefield_app", str(slide), "--theme", "light", "--screenshot", str(out),
        DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1600, 1000)
    colors = {picture.pixel(x, y) for x in range(0, 1600, 40) for y in range(0, 1000, 40)}
    assert len(colors) > 100


def test_a_screenshot_of_a_bad_file_says_why_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.svs"
    bad.write_bytes(b"not a slide at all")
    out = tmp_path / "out.png"
    done = run(
        "-m", "wholefield_app", str(bad), "--screenshot", str(out),
        QT_QPA_PLATFORM=None, DISPLAY=None, WAYLAND_DISPLAY=None, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 1
    assert "bad.svs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_options() -> None:
    options = parse(["a.svs", "--demo", "--theme", "light", "--screenshot", "out.png"])
    assert (options.file, options.demo, options.theme) == (Path("a.svs"), True, ThemeName.LIGHT)
    assert options.workspace is None
    assert parse(["--workspace", "stacks"]).workspace == "stacks"
    for arguments in (["--theme", "purple"], ["--workspace", "kitchen"]):
        with pytest.raises(SystemExit):
            parse(arguments)
