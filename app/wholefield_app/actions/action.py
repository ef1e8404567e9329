"""One thing that a user can do, described as data."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Menu(StrEnum):
    """The menus of the window in their order; the value is the title."""

    FILE = "&File"
    VIEW = "&View"
    LABEL = "&Label"
    RUN = "&Run"
    MODELS = "&Models"
    HELP = "&Help"

    @property
    def plain_title(self) -> str:
        """The title without its access key."""
        return self.value.replace("&", "")


Availability = bool | str


def always() -> bool:
    """The condition of an action that can always be used."""
    return True


def requires(*conditions: tuple[bool, str]) -> Availability:
    """True where all conditions hold, or else the sentence that goes with the first that does not.

    Example:
        >>> requires((True, "Open a slide first."), (False, "Choose a model first."))
        'Choose a model first.'
    """
    return next((reason for holds, reason in conditions if not holds), True)


@dataclass(frozen=True)
class Action:
    """One thing that a user can do.

    Attributes:
        id: Unique name, "area.verb".
        title: What menus and the command finder call it; an ellipsis says that it asks first.
        menu: The menu it stands in.
        handler: Does it.
        icon: Name of an icon in resources/icons.
        about: One sentence for the tool tip.
        shortcut: Key sequence in Qt's portable notation, or empty.
        group: Actions of a menu with the same group stand together between separators.
        enabled_when: Whether it can be used now: True, or else a sentence that says why not and what to do first
            (`requires` makes it), which tool tip, status bar and command finder show. A plain False gives no reason.
        checked_when: For an action that is on or off: whether it is on.
        command: The same as a command line, or None if there is none at the moment.
        on_toolbar: Whether it has a button in the tool bar.
        replaces: Id of the action whose place in menu and tool bar it takes while it can be used, and which has that
            place otherwise; empty for a place of its own.
    """

    id: str
    title: str
    menu: Menu
    handler: Callable[[], None]
    icon: str
    about: str
    shortcut: str = ""
    group: str = ""
    enabled_when: Callable[[], Availability] = always
    checked_when: Callable[[], bool] | None = None
    command: Callable[[], str | None] | None = None
    on_toolbar: bool = False
    replaces: str = ""

    @property
    def plain_title(self) -> str:
        """The title without its access key."""
        return self.title.replace("&", "")
