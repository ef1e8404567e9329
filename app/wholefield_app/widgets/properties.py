"""Properties of Qt set as keywords; Qt's own constructors take all of them, but their types know only some."""

from typing import TypedDict, TypeVar, Unpack

from PySide6.QtCore import QObject

Made = TypeVar("Made", bound=QObject)


class Properties(TypedDict, total=False):
    """Properties that the stubs of PySide6 6.11 miss in the constructors."""

    accessibleName: str
    alternatingRowColors: bool
    checkable: bool
    enabled: bool
    groupSeparatorShown: bool
    headerHidden: bool
    keyboardTracking: bool
    objectName: str
    rootIsDecorated: bool
    toolTip: str
    uniformRowHeights: bool


def with_properties(made: Made, **properties: Unpack[Properties]) -> Made:
    """The same object with these properties set by its own setters.

    Raises:
        AttributeError: Its class has no such property.
    """
    for name, value in properties.items():
        getattr(made, f"set{name[0].upper()}{name[1:]}")(value)
    return made
