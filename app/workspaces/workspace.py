"""What the window asks of a workspace."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.actions import Action, Registry
from app.runs import RunSession
from app.services import Services
from engine.sources.kinds import Kind


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
        when_seen: Told whenever it comes into sight or goes out of it.
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
        name: Unique name in lower case; ids of its actions begin with it, as in "slides.open_demo".
        label: What the rail calls it.
        about: One sentence on what it is for.
        icon: Name of an icon in resources/icons.
        kind: The kind of file that is opened in it.
        also: Kinds that can be opened here too, when the user asks for it here.
        hints: What the mouse does in the view: the effect, and how it is brought about.
        log_behind: Id of the panel that the log stands behind as a tab; empty for a place of its own.

    Signals:
        changed: Something that decides about actions or the window's title has changed.
        status_changed: A sentence for the status bar on what is going on.
        path_chosen: The user chose this path to open; it may belong to another workspace.
        opened: A path was opened and belongs into the list of recent files.
        panel_wanted: The panel of this id is to be shown in front, or to be hidden.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    icon: ClassVar[str]
    kind: ClassVar[Kind]
    also: ClassVar[tuple[Kind, ...]] = ()
    hints: ClassVar[tuple[tuple[str, str], ...]] = ()
    log_behind: ClassVar[str] = ""

    changed = Signal()
    status_changed = Signal(str)
    path_chosen = Signal(object)
    opened = Signal(object)
    panel_wanted = Signal(str, bool)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether a path belongs here whatever its kind; called in a worker thread."""
        del path
        return False

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

    @abstractmethod
    def close(self) -> None:
        """Let go of files and threads; no run is active any more."""
