"""A real main window for every test that wants one, small slides on disk, and no thread or timer left behind."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
import tifffile
from PySide6.QtCore import QEvent, QSettings, QThread, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from tests.conftest import PATIENCE_S
from wholefield_app.launch import make_window
from wholefield_app.runs.worker import RunThread
from wholefield_app.settings import Settings
from wholefield_app.theme.manager import ThemeManager
from wholefield_app.theme.theme import Theme, ThemeName, load_theme
from wholefield_app.window.main_window import MainWindow


class PatientBot(QtBot):
    """Waits for as long as a loaded machine may need; the timeout that a test gives is the least."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 0) -> None:
        """Handle events until the condition holds."""
        super().waitUntil(callback, timeout=max(timeout, 1000 * PATIENCE_S))

    def waitSignal(self, signal: SignalInstance, *, timeout: int = 0, **options: Any) -> SignalBlocker:
        """Handle events until the signal comes; where it need not come, no longer than the test says."""
        least = 1000 * PATIENCE_S if options.get("raising", True) else 0
        return super().waitSignal(signal, timeout=max(timeout, least), **options)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """As pytest-qt's, in no hurry."""
    return PatientBot(request)


@pytest.fixture(autouse=True, scope="session")
def qt_threads_are_measured() -> Iterator[None]:
    """Coverage follows the threads that Python starts; those of Qt have to ask for it."""
    trace = threading.gettrace()
    with pytest.MonkeyPatch.context() as patch:
        if trace is not None:
            run = RunThread.run

            def traced(thread: RunThread) -> None:
                sys.settrace(trace)
                run(thread)

            patch.setattr(RunThread, "run", traced)
        yield


@pytest.fixture(autouse=True)
def no_qt_thread_or_timer_left_behind() -> Iterator[None]:
    """Fail a test after which one of our Qt threads or timers is still running."""
    yield
    # Asking the collector for all objects costs more than most tests.
    left = [
        repr(item)
        for item in shiboken6.getAllValidWrappers()
        if isinstance(item, QThread | QTimer) and _runs(item)
    ]
    if left:
        pytest.fail(f"still running after the test: {', '.join(left)}")


def _runs(item: QThread | QTimer) -> bool:
    return item.isRunning() if isinstance(item, QThread) else item.isActive()


@pytest.fixture
def theme() -> Theme:
    """The dark theme."""
    return load_theme(ThemeName.DARK)


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    """An empty place for settings."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def settings(store: QSettings) -> Settings:
    """Settings of a first start."""
    return Settings(store)


@pytest.fixture
def themes(qapp: QApplication) -> Iterator[ThemeManager]:
    """The theme manager; the application looks as before afterwards."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    yield ThemeManager(qapp, ThemeName.DARK)
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, store: QSettings) -> Iterator[MainWindow]:
    """The main window as a first start shows it."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    # Most tests watch or replace what a run does; tests of processes of their own turn this on again.
    Settings(store).own_process = False
    made = make_window(qapp, None, store)
    made.show()
    qtbot.waitExposed(made)
    yield made
    for session in made.sessions:
        session.discard()
        session.wait()
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def make_slide(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small tiled color TIFF and returns its path."""

    def make(name: str, side: int = 300, value: int = 128) -> Path:
        y, x = np.mgrid[:side, :side]
        pixels = np.stack([x % 251, y % 251, np.full_like(x, value)], axis=2).astype(np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, pixels, tile=(128, 128), photometric="rgb")
        return path

    return make


@pytest.fixture
def project_folder(make_slide: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder with four slides of two classes and their labels.csv."""
    rows = ["file,label"]
    for index in range(4):
        path = make_slide(f"project/slide_{index}.tif", value=60 * index)
        rows.append(f"{path.name},{'rare' if index % 2 else 'plain'}")
    folder = tmp_path / "project"
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def open_and_wait(window: MainWindow, qtbot: QtBot) -> Callable[[Path], None]:
    """Opens a path in the window and waits until everything of it is there."""

    def do(path: Path) -> None:
        window.open(path)
        qtbot.waitUntil(lambda: window.quiet and bool(window.workspace.title), timeout=20_000)

    return do
