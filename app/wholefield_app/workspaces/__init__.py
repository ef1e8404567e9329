"""The workspaces of the window, one for each kind of file; a new kind is a folder here and a line in `ENTRIES`."""

from wholefield_app.document.entry import Entry
from wholefield_app.workspaces.events.entry import EVENTS
from wholefield_app.workspaces.slides.entry import SLIDES
from wholefield_app.workspaces.stacks.entry import STACKS

ENTRIES: tuple[Entry, ...] = (SLIDES, STACKS, EVENTS)
