"""The way into the slides workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.sources.kinds import Kind
from wholefield_app.document.entry import Entry

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace


def _load() -> "type[SlidesWorkspace]":
    from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

    return SlidesWorkspace


def _claims(path: Path) -> bool:
    """Take folders that are laid out as a project of slides."""
    from wholefield_app.workspaces.slides.project import is_project

    return is_project(path)


SLIDES = Entry(
    "slides", "Slides", "Look at slides and other large images, train on them, predict.", "slide",
    Kind.IMAGE, _load, claims=_claims,
)  # fmt: skip
