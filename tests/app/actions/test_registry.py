import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.there import a
from wholefield_app.actions import Action, Availability, Menu, Registry, requires
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


class Switch:
    """Something that can be on or off, and used or not."""

    def __init__(self) -> None:
        self.on = False
        self.usable = True

    def flip(self) -> None:
        self.on = not self.on

    def action(self, **changes: Any) -> Action:
        base = Action(
            "switch.flip",
            "&Flip",
            Menu.VIEW,
            self.flip,
            "grid",
            "Turn it round.",
            shortcut="Ctrl+J",
            enabled_when=lambda: self.usable,
            checked_when=lambda: self.on,
        )
        return dataclasses.replace(base, **changes)


@pytest.fixture
def registry(qtbot: QtBot, theme: Theme) -> Iterator[Registry]:
    widget = QWidget()
    qtbot.addWidget(widget)
    yield Registry(widget, theme)
    widget.close()


def test_an_action_does_its_work_and_shows_its_state(registry: Registry) -> None:
    switch = Switch()
    registry.add([switch.action()])
    bound = registry["switch.flip"]
    assert (bound.text(), bound.shortcut(), bound.isCheckable()) == ("&Flip", QKeySequence("Ctrl+J"), True)
    assert "Ctrl+J" in bound.toolTip()
    bound.trigger()
    assert switch.on
    assert bound.isChecked()
    switch.usable = False
    registry.refresh()
    assert not bound.isEnabled()
    bound.trigger()
    assert switch.on


def test_an_action_that_cannot_be_used_says_why(registry: Registry) -> None:
    answer: list[Availability] = [True]
    registry.add([Switch().action(enabled_when=lambda: answer[0])])
    bound = registry["switch.flip"]
    registry.refresh()
    assert bound.isEnabled()
    assert (bound.toolTip(), bound.statusTip()) == ("Turn it round. (Ctrl+J)", "Turn it round.")
    answer[0] = requires((True, "Open a slide first."), (False, "Choose a model first."))
    registry.refresh()
    assert not bound.isEnabled()
    assert bound.reason == bound.statusTip() == "Choose a model first."
    assert bound.toolTip() == "Turn it round. (Ctrl+J)\nChoose a model first."
    answer[0] = requires((True, "Open a slide first."))
    registry.refresh()
    assert bound.isEnabled()
    assert bound.statusTip() == "Turn it round."
    answer[0] = False
    registry.refresh()
    assert (bound.isEnabled(), bound.reason) == (False, "")


def test_two_actions_share_one_place(registry: Registry) -> None:
    first, second = Switch(), Switch()
    second.usable = False
    registry.add([first.action(id="pause"), second.action(id="resume", shortcut="F7", replaces="pause")])
    registry.refresh()
    assert [bound.objectName() for bound in registry if bound.isVisible()] == ["pause"]
    first.usable, second.usable = False, True
    registry.refresh()
    assert [bound.objectName() for bound in registry if bound.isVisible()] == ["resume"]
    first.usable = second.usable = False
    registry.refresh()
    assert [bound.objectName() for bound in registry if bound.isVisible()] == ["pause"]


@pytest.mark.parametrize("changes", [{}, {"id": "other"}])
def test_ids_and_shortcuts_are_unique(registry: Registry, changes: dict[str, str]) -> None:
    registry.add([Switch().action()])
    with pytest.raises(ValueError, match=r"switch\.flip"):
        registry.add([Switch().action(**changes)])


def test_icons_follow_the_theme(registry: Registry) -> None:
    registry.add([Switch().action()])
    before = registry["switch.flip"].icon().pixmap(20).toImage()
    registry.use_theme(load_theme(ThemeName.LIGHT))
    assert registry["switch.flip"].icon().pixmap(20).toImage() != before


def test_actions_of_another_workspace_are_out_of_sight_and_may_use_the_same_keys(registry: Registry) -> None:
    registry.add([Switch().action(id="everywhere", shortcut="F1")])
    registry.add([Switch().action(id="slides.flip")], "slides")
    registry.add([Switch().action(id="stacks.flip")], "stacks")
    registry.enter("slides")
    assert [bound.objectName() for bound in registry] == ["slides.flip", "everywhere"]
    registry.enter("stacks")
    assert [bound.objectName() for bound in registry] == ["stacks.flip", "everywhere"]
    held = [action.objectName() for action in a(QWidget, registry.parent()).actions()]
    assert held == ["everywhere", "stacks.flip"]
    with pytest.raises(ValueError, match="share the shortcut F1"):
        registry.add([Switch().action(id="slides.other", shortcut="F1")], "slides")
