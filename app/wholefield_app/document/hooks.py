"""What a workspace with a document says of itself and does in its own way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol

from wholefield.runs.settings import RunSettings
from wholefield_app.actions import Registry
from wholefield_app.actions.action import Availability
from wholefield_app.document.document import Role
from wholefield_app.document.prediction import PredictionPanel
from wholefield_app.document.words import Words
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.panels.preview_panel import PreviewPanel
from wholefield_app.runs import RunSession


class Canvas(Protocol):
    """What the actions ask of the part of a view that is zoomed."""

    def fit(self) -> None:
        """Show all of it."""

    def zoom_in(self) -> None:
        """Magnify the middle."""

    def zoom_out(self) -> None:
        """Show more."""


class Themed(Protocol):
    """A part that follows the theme."""

    def use_theme(self, theme: Any) -> None:
        """Paint in the colors of `theme`."""


class WorkspaceHooks(Workspace):
    """What differs between the workspaces with a document.

    Attributes:
        words: In which words it differs from the others.
        predict_task: Name of the task that uses the models.
        settings_key: Where the settings of the last training are remembered.
        picture_command: Gives the command line that writes the picture that is shown; None where no command does.
    """

    words: ClassVar[Words]
    predict_task: ClassVar[str]
    settings_key: ClassVar[str]
    picture_command: Callable[[], str | None] | None = None

    @property
    def canvas(self) -> Canvas:
        """The part of the view that is zoomed."""
        raise NotImplementedError

    @property
    def own_sessions(self) -> tuple[RunSession, ...]:
        """Sessions beside training and export."""
        return ()

    def panels(self, registry: Registry) -> list[Panel]:
        """Make the panels around those that all workspaces have, in their order."""
        raise NotImplementedError

    def make_prediction_panel(self, registry: Registry) -> PredictionPanel:
        """Make the panel in which a model is chosen."""
        raise NotImplementedError

    def make_preview_panel(self) -> PreviewPanel | None:
        """Make the panel that shows what a network makes of an example while it is trained."""
        return None

    def connect_own(self) -> None:
        """Connect what only this workspace has; everything is made by then."""

    def follow_document(self, role: Role) -> None:
        """Show what is open for a role now."""
        raise NotImplementedError

    def take_scan(self, path: Path) -> None:
        """Reconstruct a scan instead of opening one of its volumes."""
        raise NotImplementedError

    def take_demo(self, demo: Any) -> None:
        """Open the demo that was made."""
        raise NotImplementedError

    def predict_settings(self) -> RunSettings | None:
        """The settings of a prediction on what is open with the chosen model; None while there is none of them."""
        raise NotImplementedError

    def can_predict(self) -> Availability:
        """Whether `predict` can be used, or else why not."""
        raise NotImplementedError

    def predict(self) -> None:
        """Use the chosen model on what is open."""
        raise NotImplementedError

    def ask_to_export(self) -> None:
        """Let the user choose what is exported and where it goes, and begin it."""
        raise NotImplementedError

    def can_export(self) -> Availability:
        """Whether there is something to export and no export is running, or else why not."""
        raise NotImplementedError

    def export_command(self) -> str | None:
        """The command line that writes what an export writes."""
        raise NotImplementedError
