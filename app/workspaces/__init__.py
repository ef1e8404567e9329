"""The workspaces of the window, one for each kind of file; a new kind is a folder here and a line in `WORKSPACES`."""

from app.workspaces.events.workspace import EventsWorkspace
from app.workspaces.slides.workspace import SlidesWorkspace
from app.workspaces.stacks.workspace import StacksWorkspace
from app.workspaces.workspace import Workspace

WORKSPACES: tuple[type[Workspace], ...] = (SlidesWorkspace, StacksWorkspace, EventsWorkspace)
