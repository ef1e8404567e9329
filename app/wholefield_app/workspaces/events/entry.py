"""The way into the events workspace."""

from typing import TYPE_CHECKING

from wholefield.sources.kinds import Kind
from wholefield_app.document.entry import Entry

if TYPE_CHECKING:
    from wholefield_app.workspaces.events.workspace import EventsWorkspace


def _load() -> "type[EventsWorkspace]":
    from wholefield_app.workspaces.events.workspace import EventsWorkspace

    return EventsWorkspace


EVENTS = Entry(
    "events", "Events", "Play recordings of event cameras, find and export their flow.", "events",
    Kind.RECORDING, _load,
)  # fmt: skip
