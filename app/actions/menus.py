"""Menus and tool bar, built from the registry."""

from itertools import groupby

from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar

from app.actions.action import Menu
from app.actions.registry import BoundAction, Registry


def fill_menu_bar(bar: QMenuBar, registry: Registry) -> dict[Menu, QMenu]:
    """Give `bar` a menu for each member of Menu; returns them so that submenus can be added."""
    menus = {menu: bar.addMenu(menu.value) for menu in Menu}
    for menu, widget in menus.items():
        widget.setToolTipsVisible(True)
        widget.aboutToShow.connect(registry.refresh)
        _fill(widget, [bound for bound in registry if bound.definition.menu is menu])
    return menus


def fill_tool_bar(bar: QToolBar, registry: Registry) -> None:
    """Give `bar` a button for each action that asks for one, with a separator between menus and groups."""
    shown = [bound for bound in registry if bound.definition.on_toolbar]
    order = list(Menu)
    shown.sort(key=lambda bound: order.index(bound.definition.menu))
    for position, (_, group) in enumerate(groupby(shown, key=_section)):
        if position:
            bar.addSeparator()
        bar.addActions(list(group))


def _section(bound: BoundAction) -> tuple[str, str]:
    return bound.definition.menu.value, bound.definition.group


def _fill(menu: QMenu, actions: list[BoundAction]) -> None:
    for position, (_, group) in enumerate(groupby(actions, key=_section)):
        if position:
            menu.addSeparator()
        menu.addActions(list(group))
