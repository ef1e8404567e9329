"""`wholefield video` as a user gives it: the pictures are those of the window, and no window is made."""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.app.workspaces.events.dots import HEIGHT, SPEED, STEP_US, WIDTH, drifting_dots
from tests.there import a, there
from wholefield.cli import main
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, write_flow_hdf5
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.cli import COMMANDS
from wholefield_app.video.frames import pixels_of
from wholefield_app.viewer.events.style import EventsDisplay, FlowMode, FrameStyle
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.workspace import EventsWorkspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Dots that drift to the right, with their exact flow beside them."""
    path = tmp_path / "dots.hdf5"
    write_events_hdf5(path, [drifting_dots()], WIDTH, HEIGHT)
    flow = np.zeros((2, HEIGHT, WIDTH))
    flow[0] = SPEED * STEP_US / 1e6
    write_flow_hdf5(labels_path(path), [flow] * 10, (10, HEIGHT, WIDTH), STEP_US)
    return path


def test_a_video_is_written_by_a_process_without_a_display(clip: Path, tmp_path: Path) -> None:
    words = ["video", str(clip), "-o", str(tmp_path / "a.mp4"), f"--flow={labels_path(clip)}", "--speed=0.05"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "wholefield_app", *words, "--zoom=3", "--fps=50"],
        cwd=ROOT, capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(tmp_path / "a.mp4")
    video = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    facts = (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    assert [video.get(fact) for fact in facts] == [100, 50, 3 * WIDTH, 3 * HEIGHT]
    video.release()


@pytest.mark.parametrize("display", list(EventsDisplay))
def test_the_command_that_the_window_copies_paints_what_the_window_shows(
    window: MainWindow,
    qtbot: QtBot,
    clip: Path,
    tmp_path: Path,
    display: EventsDisplay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.open(clip)
    qtbot.waitUntil(lambda: window.quiet and window.workspace.title == clip.name, timeout=20_000)
    space = a(EventsWorkspace, window.workspace)
    view = space.view
    space.flow.open(FlowSource(labels_path(clip)))
    qtbot.waitUntil(lambda: view.flow.provider is not None and window.quiet)
    view.set_style(
        replace(FrameStyle(accumulation_us=20_000, flow=FlowMode.BOTH, step=7), events_view=display)
    )
    view.player.go_to(40_000)
    qtbot.waitUntil(lambda: window.quiet and there(view.frame).request.time_us == 40_000)
    view.canvas.zoom_in()
    grabbed = pixels_of(view.canvas.grab().toImage())
    monkeypatch.chdir(tmp_path)
    video, picture = (
        shlex.split(there(there(window.registry[f"events.{name}"].definition.command)()))
        for name in ("export", "save_picture")
    )
    assert video[:3] == ["wholefield", "video", "--out=dots.mp4"]
    assert picture[:3] == ["wholefield", "video", "--out=dots_frames"]
    given = ["--what=frames", "--start-us=40000", "--end-us=40001", "--out=pictures"]
    for words, folder in (([*video, *given], "pictures"), (picture, "dots_frames")):
        assert main(words[1:], COMMANDS) == 0
        (file,) = Path(folder).iterdir()
        assert np.array_equal(there(cv2.imread(str(file)))[..., ::-1], grabbed)


@pytest.mark.usefixtures("qapp")
def test_the_last_moment_is_a_picture_too(clip: Path, tmp_path: Path) -> None:
    words = ["video", str(clip), "-o", str(tmp_path / "last"), "--what=frames", "--start-us=100000"]
    assert main(words, COMMANDS) == 0
    assert [path.name for path in (tmp_path / "last").iterdir()] == ["000000.png"]


@pytest.mark.usefixtures("qapp")
def test_mistakes_are_sentences(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.mp4"
    out.touch()
    for words, sentence in (
        ([], "a.mp4 exists; choose another name or pass --replace"),
        (["--replace", "--size=big"], "size is 'big' but must be width x height"),
        (["--replace", "--viewport=0,0,1,1"], "set size, too"),
        (["--replace", "--on-color=red"], "on_color is 'red' but must be a color such as"),
        (["--replace", "--start-us=100001"], "dots.hdf5 ends at 100000 us"),
        (["--replace", "--flow=gone.h5"], "gone.h5"),
    ):
        assert main(["video", str(clip), f"--out={out}", *words], COMMANDS) == (
            1 if sentence == "gone.h5" else 2
        )
        assert sentence in capsys.readouterr().err
