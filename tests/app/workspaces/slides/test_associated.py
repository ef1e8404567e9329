"""The label and the macro image of a slide are shown with its properties."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield_app.panels.properties import Properties
from wholefield_app.window.main_window import MainWindow


@pytest.mark.data
def test_label_and_macro_stand_above_the_properties(
    window: MainWindow, open_and_wait: Callable[[Path], None], data_folder: Path, qtbot: QtBot
) -> None:
    open_and_wait(data_folder / "slides" / "CMU-1-Small-Region.svs")
    window.registry["slides.properties"].trigger()
    dialog = there(window.findChild(Properties))
    qtbot.waitUntil(dialog.pictures.isVisible)
    names = [name for name, _ in there(dialog.pictures.pictures).images]
    assert {"Label", "Macro"} <= set(names)
    assert all(not image.isNull() for _, image in there(dialog.pictures.pictures).images)
    dialog.close()


def test_a_picture_without_any_shows_none(
    window: MainWindow, open_and_wait: Callable[[Path], None], make_slide: Callable[..., Path], qtbot: QtBot
) -> None:
    open_and_wait(make_slide("a.tif"))
    window.registry["slides.properties"].trigger()
    dialog = there(window.findChild(Properties))
    qtbot.waitUntil(lambda: window.quiet)
    assert not dialog.pictures.isVisible()
    dialog.close()
