"""The way into the slides workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.workspaces.entry import Entry
from engine.sources.kinds import Kind

if TYPE_CHECKING:
    from app.workspaces.slides.workspace import SlidesWorkspace


def _load() -> "type[SlidesWorkspace]":
    from app.workspaces.slides.workspace import SlidesWorkspace

    return SlidesWorkspace


def _claims(path: Path) -> bool:
    """Take folders that are laid out as a project of slides."""
    from app.workspaces.slides.project import is_project

    return is_project(path)


SLIDES = Entry(
    "slides", "Slides", "Look at slides and other large images, train on them, predict.", "slide",
    Kind.IMAGE, _load, claims=_claims,
)  # fmt: skip
