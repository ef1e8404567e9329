"""Everything the window can do is found in its menus, with all that a user needs to know about it."""

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QToolBar

from tests.there import a, there
from wholefield_app.theme.icons import icon_names
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces import ENTRIES


def entries(menu: QObject) -> list[str]:
    """Object names of all entries of a menu and its submenus."""
    names: list[str] = []
    for action in a(QMenu, menu).actions():
        names += entries(action.menu()) if action.menu() else [action.objectName()]
    return names


@pytest.fixture(params=[entry.name for entry in ENTRIES])
def window(window: MainWindow, request: pytest.FixtureRequest) -> MainWindow:
    """The window with each of the workspaces in sight."""
    window.go_to(request.param)
    return window


def test_every_action_is_in_the_menu_it_names(window: MainWindow) -> None:
    menus = {action.text(): action.menu() for action in window.menuBar().actions()}
    for bound in window.registry:
        assert entries(menus[bound.definition.menu.value]).count(bound.definition.id) == 1


def test_every_action_has_title_icon_and_a_sentence(window: MainWindow) -> None:
    for bound in window.registry:
        action = bound.definition
        assert action.title
        assert action.icon in icon_names(), action.id
        assert action.about.endswith("."), action.id
        assert not bound.icon().isNull()


def test_every_icon_is_used(window: MainWindow) -> None:
    used = {"wholefield", "chevron-down", "chevron-up", "check", "error", "copy", "close", "add", "palette"}
    for entry in window.entries:
        window.go_to(entry.name)
        used |= {bound.definition.icon for bound in window.registry}
    assert icon_names() == used


def test_no_two_actions_of_a_menu_share_an_access_key(window: MainWindow) -> None:
    for entry in window.menuBar().actions():
        texts = [action.text() for action in a(QMenu, entry.menu()).actions() if "&" in action.text()]
        keys = [text[text.index("&") + 1].casefold() for text in texts]
        assert len(keys) == len(set(keys)), texts


def test_the_tool_bar_shows_what_asks_for_it(window: MainWindow) -> None:
    bar = there(window.findChild(QToolBar, "tools"))
    shown = {action.objectName() for action in bar.actions() if not action.isSeparator()}
    assert shown == {bound.definition.id for bound in window.registry if bound.definition.on_toolbar}
