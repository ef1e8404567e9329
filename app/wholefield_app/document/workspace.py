"""What the window asks of a workspace."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from wholefield.runs.own_process.supervisor import OwnProcess
from wholefield.sources.choices import Reading
from wholefield_app.actions import Action, Registry
from wholefield_app.document.entry import Entry
from wholefield_app.runs import RunSession
from wholefield_app.services import Services


@dataclass(frozen=True)
class Panel:
    """A panel beside the image.

    Attributes:
        id: Unique name, under which the layout is remembered.
        title: Its heading.
        widget: What is in it.
        area: Where it stands at first.
        share: How much of the height of its area it takes at first, in px.
        width: How wide it is when it is brought into sight, in px; 0 for as wide as it stands.
        tab_of: Id of the panel that it stands behind as a tab at first; empty for a place of its own.
        shown: Whether it is shown at first.
        when_seen: Called whenever it becomes visible or hidden.
    """

    id: str
    title: str
    widget: QWidget
    area: Qt.DockWidgetArea
    share: int = 300
    width: int = 0
    tab_of: str = ""
    shown: bool = True
    when_seen: Callable[[bool], None] | None = None


class Workspace(QObject):
    """One kind of work: a view in the middle, panels around it, and actions. Made when it is first entered.

    Attributes:
        entry: The way into it.
        hints: What the mouse does in the view: the effect, and how it is brought about.
        log_behind: Id of the panel that the log stands behind as a tab; empty for a place of its own.

    Signals:
        changed: Something that decides about actions or the window's title has changed.
        status_changed: A sentence for the status bar on what is going on.
        path_chosen: The user chose this path to open; it may belong to another workspace.
        opened: A path was opened and belongs in the list of recent files.
        read_as: The user chose to open this path as this Kind with this Reading.
        panel_wanted: The panel of this id is to be shown in front, or to be hidden.
    """

    entry: ClassVar[Entry]
    hints: ClassVar[tuple[tuple[str, str], ...]] = ()
    log_behind: ClassVar[str] = ""

    changed = Signal()
    status_changed = Signal(str)
    path_chosen = Signal(object)
    opened = Signal(object)
    read_as = Signal(object, object, object)
    panel_wanted = Signal(str, bool)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    @property
    def name(self) -> str:
        """The name of its entry."""
        return self.entry.name

    @property
    @abstractmethod
    def title(self) -> str:
        """What the window's title bar says is open; empty when nothing is."""

    @property
    @abstractmethod
    def central(self) -> QWidget:
        """The widget in the middle of the window."""

    @property
    @abstractmethod
    def sessions(self) -> tuple[RunSession, ...]:
        """The runs that this workspace can have going."""

    @property
    @abstractmethod
    def quiet(self) -> bool:
        """Whether nothing is being opened, made or drawn in the background, runs aside."""

    @property
    def splitters(self) -> Mapping[str, QSplitter]:
        """Splitters inside the view, by a name under which their positions are remembered."""
        return {}

    def take_up(self, session: RunSession, run: OwnProcess, opened: Path | None) -> None:
        """Follow a run that another window began while `opened` was open there, in one of the sessions."""
        session.follow(run, opened)

    @abstractmethod
    def actions(self) -> list[Action]:
        """What a user can do here."""

    @abstractmethod
    def make_panels(self, registry: Registry) -> list[Panel]:
        """Make the panels; called once, after the actions are registered."""

    @abstractmethod
    def readouts(self) -> list[QWidget]:
        """Permanent widgets for the right side of the status bar."""

    @abstractmethod
    def open(self, path: Path) -> None:
        """Open a file or folder off the GUI thread."""

    def choose_model(self, path: Path) -> None:  # not every workspace uses models
        """Use a model that was opened."""

    def ask_to_open_as(self, path: Path) -> None:  # not every workspace opens files in several ways
        """Let the user choose what a file is opened as, and how it is read."""

    def open_read(self, path: Path, reading: Reading) -> None:
        """Open a file or folder that is read in the way that the user chose."""
        del reading
        self.open(path)

    @abstractmethod
    def close(self) -> None:
        """Release files and threads; no run is active any more."""
