"""The workspaces of the window, one for each kind of file; a new kind is a folder here and a line in `ENTRIES`."""

from wholefield.sources.kinds import Kind
from wholefield_app.document.entry import Entry

SLIDES = Entry(
    "slides", "Slides", "View slides and other large images, train on them and predict.", "slide",
    Kind.IMAGE, "wholefield_app.workspaces.slides.workspace:SlidesWorkspace",
    claimed_by="wholefield_app.workspaces.slides.project:is_project",
)  # fmt: skip
STACKS = Entry(
    "stacks", "Stacks", "View CT stacks, train on them and predict.", "stack",
    Kind.STACK, "wholefield_app.workspaces.stacks.workspace:StacksWorkspace",
)  # fmt: skip
EVENTS = Entry(
    "events", "Events", "Play event-camera recordings, estimate and export their optical flow.", "events",
    Kind.RECORDING, "wholefield_app.workspaces.events.workspace:EventsWorkspace",
)  # fmt: skip
ENTRIES: tuple[Entry, ...] = (SLIDES, STACKS, EVENTS)
