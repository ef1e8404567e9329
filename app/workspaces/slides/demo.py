"""The demo project of the slides workspace."""

from collections.abc import Callable

from app.workspaces.slides.project import SlideProject, read_project


def make_demo(progress: Callable[[int, int], None]) -> SlideProject:
    """Make the demo project in the user's data folder; called in a worker thread."""
    from resources.demo.project import ensure_demo_project

    made = ensure_demo_project(progress=progress)
    return read_project(made.slides, made.labels)
