"""The demo project of the slides workspace."""

from collections.abc import Callable
from dataclasses import replace

from wholefield_app.workspaces.slides.project import SlideProject, read_project


def make_demo(progress: Callable[[int, int], None]) -> SlideProject:
    """Make the demo project in the user's data folder; called in a worker thread."""
    from wholefield_resources.demo.project import ensure_demo_project
    from wholefield_resources.demo.slides import CLASSES

    made = ensure_demo_project(progress=progress)
    return replace(read_project(made.slides, made.labels), class_names=", ".join(CLASSES))
