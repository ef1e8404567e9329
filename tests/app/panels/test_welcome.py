"""The page that stands in the middle while nothing is open."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from wholefield_app.actions import Action, Menu, Registry
from wholefield_app.panels.welcome import NARROWEST, WIDTH, Welcome
from wholefield_app.settings import Settings
from wholefield_app.theme.theme import Theme


@pytest.fixture
def page(qtbot: QtBot, settings: Settings, theme: Theme) -> Welcome:
    owner = QPushButton()
    qtbot.addWidget(owner)
    registry = Registry(owner, theme)
    names = ("Open a slide…", "Open a folder…", "Open the demo project")
    registry.add(Action(f"a.{name}", name, Menu.FILE, lambda: None, "slide", "Does it.") for name in names)
    steps: list[QAction] = [registry[f"a.{name}"] for name in names]
    made = Welcome("slides", "For looking.", "Or drop it.", steps, settings)
    qtbot.addWidget(made)
    made.show()
    return made


def buttons(page: Welcome) -> list[QPushButton]:
    return [button for button in page.findChildren(QPushButton) if button.property("role") != "link"]


@pytest.mark.parametrize(("width", "columns"), [(WIDTH + 100, 3), (NARROWEST, 1)])
def test_the_first_steps_stand_side_by_side_where_there_is_room(
    page: Welcome, qapp: QApplication, width: int, columns: int
) -> None:
    page.resize(width, 500)
    qapp.processEvents()
    places = [button.geometry() for button in buttons(page)]
    assert len({place.x() for place in places}) == columns
    assert all(
        place.width() >= button.minimumSizeHint().width()
        for place, button in zip(places, buttons(page), strict=True)
    )
    assert page.minimumWidth() == NARROWEST


def test_what_was_opened_last_is_a_click_away(
    page: Welcome, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    slide = tmp_path / "a.svs"
    slide.touch()
    settings.add_recent(slide, "slides")
    (link,) = [button for button in page.findChildren(QPushButton) if button.property("role") == "link"]
    with qtbot.waitSignal(page.chosen) as told:
        link.click()
    assert told.args == [slide]
