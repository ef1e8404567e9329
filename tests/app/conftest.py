"""A real main window for every test that wants one, small slides on disk, and no thread or timer left behind."""

import gc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shiboken6
import tifffile
from PySide6.QtCore import QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication

from wholefield_app.launch import make_window
from wholefield_app.settings import Settings
from wholefield_app.theme.manager import ThemeManager
from wholefield_app.theme.theme import Theme, ThemeName, load_theme
from wholefield_app.window.main_window import MainWindow


@pytest.fixture(autouse=True)
def no_qt_thread_or_timer_left_behind() -> Iterator[None]:
    """Fail a test after which one of our Qt threads or timers is still running."""
    yield
    left = [
        repr(item)
        for item in gc.get_objects()
        if _can_run(type(item)) and shiboken6.isValid(item) and _runs(item)
    ]
    if left:
        pytest.fail(f"still running after the test: {', '.join(left)}")


@cache
def _can_run(kind: type) -> bool:
    return issubclass(kind, QThread | QTimer)


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
def window(qapp: QApplication, qtbot, store: QSettings) -> Iterator[MainWindow]:
    """The main window as a first start shows it."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    made = make_window(qapp, None, store)
    made.show()
    qtbot.waitExposed(made)
    yield made
    for session in made.sessions:
        session.abandon()
        session.wait()
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def make_slide(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small tiled colour TIFF and returns its path."""

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
def open_and_wait(window: MainWindow, qtbot) -> Callable[[Path], None]:
    """Opens a path in the window and waits until everything of it is there."""

    def do(path: Path) -> None:
        window.open(path)
        qtbot.waitUntil(lambda: window.quiet and bool(window.workspace.title), timeout=20_000)

    return do
