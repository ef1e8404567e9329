"""A workspace with its view, its panels and its log; the rooms of a window take turns in its middle."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QToolButton, QWidget

from wholefield_app.actions import Registry
from wholefield_app.document.workspace import Panel, Workspace
from wholefield_app.panels.log_panel import LogPanel
from wholefield_app.services import Services
from wholefield_app.widgets.properties import with_properties
from wholefield_app.window.docks import Docks

LAYOUT_VERSION = 2
LOG_HEIGHT = 132


class Room(QMainWindow):
    """Frames one workspace. It is a main window inside the window, so that each room has a layout of its own.

    Attributes:
        workspace: What is worked on.
        docks: The panels.
        readouts: Widgets for the status bar: switches of the panels that fold, and what the workspace shows there.
        line: What is in progress in the workspace, in words.

    Signals:
        line_changed: There is another line.
    """

    line_changed = Signal()

    def __init__(
        self, workspace: Workspace, registry: Registry, services: Services, size: QSize, parent: QWidget
    ) -> None:
        """Register the actions of `workspace` and build its panels for a room of this size at first."""
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setObjectName(workspace.name)
        self.resize(size)
        self.workspace = workspace
        self._services = services
        self.line = ""
        workspace.setParent(self)
        workspace.opened.connect(self._remember)
        workspace.status_changed.connect(self._follow_line)
        workspace.panel_wanted.connect(self._show_panel)
        registry.add(workspace.actions(), workspace.name)
        panels = [*workspace.make_panels(registry), self._make_log()]
        self.setCentralWidget(workspace.central)
        self.docks = Docks(self, panels)
        self.readouts: list[QWidget] = [*map(_switch, self.docks.switches), *workspace.readouts()]
        for label in (readout for readout in self.readouts if isinstance(readout, QLabel)):
            label.setAlignment(label.alignment() | Qt.AlignmentFlag.AlignVCenter)
        self._pressed: dict[str, int] = {}
        self._unseen = True
        self._splitters_at_first = {
            name: splitter.saveState() for name, splitter in workspace.splitters.items()
        }
        self._restore_layout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panels take less where the window is small."""
        super().resizeEvent(event)
        self.docks.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put the splitters where they were at the last start once the view has got its size."""
        if event.type() == QEvent.Type.Show:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._restore_splitters)
            self._unseen = False
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Notice when the user drags the edge of a side; Qt moves it."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = self.docks.widths()
        done = super().event(event)
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.docks.note_drag(self._pressed)
        return done

    def enter(self) -> None:
        """Come into sight."""
        self.docks.bring_back()
        for readout in self.readouts:
            readout.show()

    def leave(self) -> None:
        """Go out of sight; panels that float over the window go too."""
        self.remember_layout()
        self.docks.set_aside()
        for readout in self.readouts:
            readout.hide()

    def remember_layout(self) -> None:
        """Keep the places of the panels for the next start; only while the room is in sight."""
        settings = self._services.settings
        settings.set_layout(self._layout_key, self.saveState(LAYOUT_VERSION))
        settings.set_json(self._panels_key, self.docks.state())
        for name, splitter in self.workspace.splitters.items() if not self._unseen else ():
            settings.set_layout(self._splitter_key(name), splitter.saveState())

    def arrange(self) -> None:
        """Put all panels and splitters back to where they stood at first."""
        self.docks.arrange()
        for name, splitter in self.workspace.splitters.items():
            splitter.restoreState(self._splitters_at_first[name])

    def _restore_layout(self) -> None:
        settings = self._services.settings
        if layout := settings.layout(self._layout_key):
            self.restoreState(layout, LAYOUT_VERSION)
        self.docks.restore(settings.json(self._panels_key) or {})

        # One of them is enough: they come into sight together.
        for splitter in list(self.workspace.splitters.values())[:1]:
            splitter.installEventFilter(self)

    @Slot()
    def _restore_splitters(self) -> None:
        for name, splitter in self.workspace.splitters.items():
            if state := self._services.settings.layout(self._splitter_key(name)):
                splitter.restoreState(state)

    @property
    def _layout_key(self) -> str:
        return f"{self.workspace.name}/layout"

    @property
    def _panels_key(self) -> str:
        return f"{self.workspace.name}/panels"

    def _splitter_key(self, name: str) -> str:
        return f"{self.workspace.name}/splitter/{name}"

    def _make_log(self) -> Panel:
        themes = self._services.themes
        log_panel = LogPanel(self._services.log, themes.theme)
        themes.changed.connect(log_panel.use_theme)
        behind = self.workspace.log_behind
        return Panel(
            "log",
            "Log",
            log_panel,
            Qt.DockWidgetArea.BottomDockWidgetArea,
            LOG_HEIGHT,
            tab_of=behind,
            shown=False,
        )

    @Slot(object)
    def _remember(self, path: Path) -> None:
        self._services.settings.add_recent(path, self.workspace.name)

    @Slot(str)
    def _follow_line(self, line: str) -> None:
        self.line = line
        self.line_changed.emit()

    @Slot(str, bool)
    def _show_panel(self, panel_id: str, shown: bool) -> None:
        self.docks.show_panel(panel_id, shown)


def _switch(action: QAction) -> QToolButton:
    """A button for the status bar that shows or hides a panel."""
    button = with_properties(QToolButton(), objectName="switch")
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button
