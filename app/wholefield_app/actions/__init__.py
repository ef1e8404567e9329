"""Actions are data: menus, tool bar, command finder, shortcut help and "copy as command" come from one list."""

from wholefield_app.actions.action import Action, Availability, Menu, requires
from wholefield_app.actions.registry import Registry

__all__ = ["Action", "Availability", "Menu", "Registry", "requires"]
