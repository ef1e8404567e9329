from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import a
from wholefield.sources.slides.image import ImageSource
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.words import describe_position, describe_zoom


@pytest.mark.parametrize(
    ("spacing", "text"),
    [(None, "x 100, y 40 px"), ((0.5, 0.25), "x 100, y 40 px   25.1 µm, 20.2 µm"), ((100.0, 100.0), None)],
)
def test_positions(spacing: tuple[float, float] | None, text: str | None) -> None:
    shown = describe_position(100.2, 40.4, spacing)
    assert shown == (text or "x 100, y 40 px   10.020 mm, 4.040 mm")


class Pyramid:
    """What the read-out needs to know of a slide."""

    def __init__(self, spacing: tuple[float, float] | None) -> None:
        self.spacing = spacing

    def level_for(self, downsample: float) -> int:
        return 0 if downsample < 4 else 1


@pytest.mark.parametrize(
    ("spacing", "scale", "text"),
    [
        (None, 1.0, "Level 0   100%"),
        ((0.25, 0.25), 1.0, "Level 0   100%   ×40"),
        ((0.5, 0.5), 0.25, "Level 1   25%   ×5"),
        ((0.5, 0.5), 0.0123, "Level 1   1.2%   ×0.246"),
    ],
)
def test_zoom(spacing: tuple[float, float] | None, scale: float, text: str) -> None:
    assert describe_zoom(cast("ImageSource", Pyramid(spacing)), scale) == text


def test_the_status_bar_follows_the_cursor_and_the_zoom(
    window: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None]
) -> None:
    open_and_wait(make_slide("a.tif"))
    view = slides_of(window).view
    cursor, zoom = (a(QLabel, readout) for readout in window.workspace.readouts())
    view.zoom_to(1.0)
    assert zoom.text() == "Level 0   100%"
    view.zoom_to(2.0)
    assert zoom.text() == "Level 0   200%"
    qtbot.mouseMove(view, QPoint(view.width() // 2, view.height() // 2))
    view.cursor_moved.emit(12.3, 45.6, None)
    assert cursor.text() == "x 12, y 45 px"
    view.cursor_moved.emit(12.3, 45.6, (12, 45, 128))
    assert cursor.text() == "x 12, y 45 px   RGB 12, 45, 128"
    view.cursor_moved.emit(12.3, 45.6, (7, 7, 7))
    assert cursor.text() == "x 12, y 45 px   value 7"
    view.cursor_moved.emit(-1.0, 45.6, None)
    assert cursor.text() == ""
    window.registry["slides.close"].trigger()
    assert zoom.text() == ""
