"""The workspaces of the window, one for each kind of file; a new kind is a folder here and a line in `ENTRIES`."""

from app.workspaces.entry import Entry
from app.workspaces.events.entry import EVENTS
from app.workspaces.slides.entry import SLIDES
from app.workspaces.stacks.entry import STACKS

ENTRIES: tuple[Entry, ...] = (SLIDES, STACKS, EVENTS)
