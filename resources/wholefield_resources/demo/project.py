"""The demo project on the user's disk: made once, on the first start, and found again afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wholefield.progress import ProgressCallback
from wholefield_resources.demo.once import Once, user_folder
from wholefield_resources.demo.slides import (
    LABELS_NAME,
    MASKS_FOLDER,
    MASKS_NAME,
    POSITIONS_NAME,
    DemoSettings,
    make_demo_slides,
    plan_slides,
)

FOLDER_NAME = "demo"
SLIDES_NAME = "slides"
# Counts up when the same settings come to mean other slides.
VERSION = 3


@dataclass(frozen=True)
class DemoProject:
    """Where the parts of the demo project lie.

    Attributes:
        folder: All of it.
        slides: The folder of the slides.
        labels: CSV with the columns file and label.
        masks: CSV with the columns file and mask, a line for every slide with spores.
        positions: CSV with the columns file, x and y: where the spores really are, in px of level 0.
    """

    folder: Path
    slides: Path
    labels: Path
    masks: Path
    positions: Path


def demo_project(folder: Path | None = None) -> DemoProject:
    """The places of the demo project, whether it has been made or not; by default in the user's data folder."""
    folder = folder or user_folder(FOLDER_NAME)
    return DemoProject(
        folder, folder / SLIDES_NAME, folder / LABELS_NAME, folder / MASKS_NAME, folder / POSITIONS_NAME
    )


def ensure_demo_project(
    folder: Path | None = None, progress: ProgressCallback | None = None, settings: DemoSettings | None = None
) -> DemoProject:
    """Make the demo project unless it is complete already.

    A start that was interrupted is repeated; whatever else lies in the folder, such as runs, stays as it is.

    Args:
        folder: Where it goes; by default in the user's data folder.
        progress: Called with the slides done and the slides in all; an error that it raises stops the work.
        settings: What to make.

    Raises:
        SourceError: The folder cannot be written to.
    """
    settings = settings or DemoSettings()
    project = demo_project(folder)
    _once(project, settings).ensure(lambda: make_demo_slides(project.slides, settings, progress))
    return project


def is_complete(project: DemoProject, settings: DemoSettings) -> bool:
    """Whether every file of the project is there and was made with these settings."""
    return _once(project, settings).is_complete


def _once(project: DemoProject, settings: DemoSettings) -> Once:
    plans = plan_slides(settings)
    files = (
        project.labels,
        project.masks,
        project.positions,
        *(project.slides / plan.name for plan in plans),
        *(project.folder / MASKS_FOLDER / plan.name for plan in plans if plan.spore_count),
    )
    return Once("demo project", project.folder, files, VERSION, settings)
