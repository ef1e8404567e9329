"""What the window knows of a workspace before anything of it is loaded."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from wholefield.sources.kinds import Kind

if TYPE_CHECKING:
    from wholefield_app.document.workspace import Workspace


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
        claimed_by: `module:function` that says whether a path belongs here whatever its kind; empty where none does.
    """

    name: str
    label: str
    about: str
    icon: str
    kind: Kind
    workspace: str
    claimed_by: str = ""

    def load(self) -> "type[Workspace]":
        """Import the workspace."""
        return cast("type[Workspace]", _named(self.workspace))

    def claims(self, path: Path) -> bool:
        """Whether a path belongs here whatever its kind; called in a worker thread."""
        return bool(self.claimed_by) and bool(_named(self.claimed_by)(path))


def _named(name: str) -> Any:
    """The thing behind `module:name`."""
    module, _, thing = name.partition(":")
    return getattr(import_module(module), thing)
