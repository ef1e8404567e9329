"""What the window knows of a workspace before anything of it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from wholefield.sources.kinds import Kind

if TYPE_CHECKING:
    from wholefield_app.document.workspace import Workspace


def claims_nothing(path: Path) -> bool:
    """Whether a path belongs here whatever its kind: none does."""
    del path
    return False


@dataclass(frozen=True)
class Entry:
    """The way into a workspace: what the rail shows, which files lead here, and where its class is found.

    Importing the class takes longer than drawing the window, so an entry imports none of the workspace.

    Attributes:
        name: Unique name in lower case; ids of the actions begin with it, as in "slides.open_demo".
        label: What the rail calls it.
        about: One sentence on what it is for.
        icon: Name of an icon in resources/icons.
        kind: The kind of file that is opened in it.
        workspace: `module:class` of the workspace.
        also: Kinds that can be opened here too, when the user asks for it here.
        claims: Whether a path belongs here whatever its kind; called in a worker thread.
    """

    name: str
    label: str
    about: str
    icon: str
    kind: Kind
    workspace: str
    also: tuple[Kind, ...] = ()
    claims: Callable[[Path], bool] = claims_nothing

    def load(self) -> "type[Workspace]":
        """Import the workspace."""
        module, name = self.workspace.split(":")
        return cast("type[Workspace]", getattr(import_module(module), name))
