"""The way into the events workspace."""

from typing import TYPE_CHECKING

from app.workspaces.entry import Entry
from engine.sources.kinds import Kind

if TYPE_CHECKING:
    from app.workspaces.events.workspace import EventsWorkspace


def _load() -> "type[EventsWorkspace]":
    from app.workspaces.events.workspace import EventsWorkspace

    return EventsWorkspace


EVENTS = Entry(
    "events", "Events", "Play recordings of event cameras, find and export their flow.", "events",
    Kind.RECORDING, _load,
)  # fmt: skip
