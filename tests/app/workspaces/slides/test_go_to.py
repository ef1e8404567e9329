"""Positions as people type them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from wholefield_app.problems import Problem
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.go_to import position_in

SPACING = 0.5, 0.25


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1200 800", (1200, 800)), ("1200, 800", (1200, 800)), ("(12.5; 8)", (12.5, 8)), ("12px 8 px", (12, 8)),
        ("100 µm, 100 um", (400, 200)), ("1mm 2 mm", (4000, 4000)),
    ],
)  # fmt: skip
def test_a_position_is_read(text: str, position: tuple[float, float]) -> None:
    assert position_in(text, SPACING) == position


@pytest.mark.parametrize("text", ["", "12", "1 2 3", "a b", "1 2 km", "1..2 3"])
def test_anything_else_is_a_sentence(text: str) -> None:
    assert isinstance(position_in(text, SPACING), Problem)


def test_micrometers_need_a_scale() -> None:
    found = position_in("1 µm 2 µm", None)
    assert isinstance(found, Problem)
    assert "size of its pixels" in found.sentence
    assert position_in("1 2", None) == (1, 2)


def test_the_view_goes_there(
    window: MainWindow,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    open_and_wait(make_slide("slide.tif", side=3000))
    view = slides_of(window).view
    window.registry["slides.actual_size"].trigger()
    assert view.scale == pytest.approx(1)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("1500, 1400", True))
    window.registry["slides.go_to"].trigger()
    assert view._view.center == pytest.approx((1500, 1400), abs=1)
    slides_of(window).go_to("nowhere")
    qtbot.waitUntil(window.banner.isVisible)
