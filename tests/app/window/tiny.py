"""The smallest workspace there can be: a label, one panel, one action, one run."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from wholefield.sources.kinds import Kind
from wholefield_app.actions import Action, Menu, Registry
from wholefield_app.document.entry import Entry
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.runs import RunSession
from wholefield_app.services import Services


class TinyWorkspace(Workspace):
    made = 0

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        type(self).made += 1
        self.path: Path | None = None
        self.demos = 0
        self.closed = False
        self.session = RunSession("Training", worth_keeping=True, parent=self)
        self.panel = QLabel("a panel")
        self.readout = QLabel("a readout")
        self._central = QLabel("nothing")

    @property
    def title(self) -> str:
        return self.path.name if self.path is not None else ""

    @property
    def central(self) -> QWidget:
        return self._central

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        return (self.session,)

    @property
    def quiet(self) -> bool:
        return True

    def actions(self) -> list[Action]:
        demo = Action(
            "tiny.open_demo", "Open the &demo", Menu.FILE, self._demo, "demo", "Show it.",
            shortcut="F5", group="open", on_toolbar=True,
        )  # fmt: skip
        close = Action("tiny.close", "&Close it", Menu.FILE, self._close_it, "close", "Show it no more.")
        return [demo, close]

    def make_panels(self, registry: Registry) -> list[Panel]:
        del registry
        return [Panel("tiny.panel", "Panel", self.panel, Qt.DockWidgetArea.LeftDockWidgetArea)]

    def readouts(self) -> list[QWidget]:
        return [self.readout]

    def open(self, path: Path) -> None:
        self.path = path
        self.opened.emit(path)
        self.changed.emit()

    def close(self) -> None:
        self.closed = True

    def _demo(self) -> None:
        self.demos += 1

    def _close_it(self) -> None:
        self.path = None


def is_tiny(path: Path) -> bool:
    return path.suffix == ".tiny"


TINY = TinyWorkspace.entry = Entry(
    "tiny",
    "Tiny",
    "Look at next to nothing.",
    "grid",
    Kind.STACK,
    f"{__name__}:TinyWorkspace",
    claimed_by=f"{__name__}:is_tiny",
)
