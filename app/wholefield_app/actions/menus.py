"""Menus and tool bar, built from the registry."""

from itertools import groupby

from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar

from wholefield_app.actions.action import Menu
from wholefield_app.actions.registry import BoundAction, Registry


def make_menus(bar: QMenuBar, registry: Registry) -> dict[Menu, QMenu]:
    """Give `bar` an empty menu for each member of Menu."""
    menus = {menu: bar.addMenu(menu.value) for menu in Menu}
    for widget in menus.values():
        widget.setToolTipsVisible(True)
        widget.aboutToShow.connect(registry.refresh)
    return menus


def fill_menus(menus: dict[Menu, QMenu], registry: Registry) -> None:
    """Put the actions in sight into their menus, in place of what is in them; submenus can be added then.

    A menu without any is hidden.
    """
    for menu, widget in menus.items():
        widget.clear()
        shown = [bound for bound in registry if bound.definition.menu is menu]
        _fill(widget, shown)
        widget.menuAction().setVisible(bool(shown))


def fill_tool_bar(bar: QToolBar, registry: Registry) -> None:
    """Give `bar` a button for each action in sight that asks for one, with a separator between menus and groups."""
    bar.clear()
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
