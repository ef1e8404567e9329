"""Which workspace of a window is in sight, as a test knows it."""

from tests.there import a
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.workspace import EventsWorkspace
from wholefield_app.workspaces.slides.workspace import SlidesWorkspace
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


def slides_of(window: MainWindow) -> SlidesWorkspace:
    return a(SlidesWorkspace, window.workspace)


def stacks_of(window: MainWindow) -> StacksWorkspace:
    return a(StacksWorkspace, window.workspace)


def events_of(window: MainWindow) -> EventsWorkspace:
    return a(EventsWorkspace, window.workspace)
