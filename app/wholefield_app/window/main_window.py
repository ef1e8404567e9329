"""The main window: it frames the workspaces with menus, tool bar and status bar, and closes in good order."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield_app.actions import Menu, Registry
from wholefield_app.actions.finder import CommandFinder
from wholefield_app.actions.menus import fill_menus, fill_tool_bar, make_menus
from wholefield_app.actions.shortcuts import ShortcutHelp
from wholefield_app.background import Background, Task
from wholefield_app.document.entry import Entry
from wholefield_app.document.workspace import Workspace
from wholefield_app.log import SessionLog
from wholefield_app.mailbox import Mailbox
from wholefield_app.models import OpenedModels
from wholefield_app.problems import ExceptionHooks, Problem
from wholefield_app.runs import RunSession
from wholefield_app.runs.processes import Processes
from wholefield_app.services import Services
from wholefield_app.settings import Settings
from wholefield_app.theme.manager import ThemeManager
from wholefield_app.theme.theme import ThemeName
from wholefield_app.widgets.elided import ElidedLabel
from wholefield_app.widgets.properties import with_properties
from wholefield_app.window.actions import entry_id, window_actions
from wholefield_app.window.banner import Banner
from wholefield_app.window.closing import Closing
from wholefield_app.window.docks import Docks
from wholefield_app.window.model_opening import ModelOpening
from wholefield_app.window.rail import Rail
from wholefield_app.window.room import Room
from wholefield_app.window.routing import MODELS, workspace_for
from wholefield_app.window.submenus import CommandMenu, RecentMenu, RecentModelsMenu

SIZE = (1440, 900)
STARTING = "Starting…"
READY = "Ready"
ABOUT = (
    "Exact deep learning on whole images: gigapixel slides, CT stacks and event recordings. Wholefield trains and runs "
    "networks on images that do not fit in memory, tile by tile, with the results of the whole image, and shows "
    "their progress live."
)

log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """One window around the workspaces, each in a room of its own that is built when it is first entered.

    Attributes:
        services: What every part of the window may use.
        entries: The workspaces there are.
        registry: Everything a user can do.
        room: The room in sight; there is none before `enter`.
        closing: Decides whether the window may close.
    """

    room: Room

    def __init__(self, settings: Settings, themes: ThemeManager, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.banner = Banner(themes.theme)
        self.closing = Closing(self, settings, self)
        problems = self._problems = Mailbox(parent=self)
        problems.arrived.connect(self._show_problems)
        self._hooks = ExceptionHooks(problems.put)
        background = Background(parent=self)
        models = OpenedModels(background, settings, self)
        self.services = Services(
            settings, background, themes, SessionLog(self), models, problems.put, Processes(settings)
        )
        self.services.log.install()
        self._hooks.install()
        self.entries = tuple(entries)
        self._rooms: dict[str, Room] = {}
        self._routing: Task | None = None
        self._to_open: list[Path] = []
        self.registry = Registry(self, themes.theme)
        self.model_opening = ModelOpening(self)
        self.registry.add(window_actions(self))
        self._build()
        themes.changed.connect(self.registry.use_theme)
        themes.changed.connect(self.banner.use_theme)
        self.banner.open_as.connect(self._ask_to_open_as)
        models.opened.connect(self._open_next, Qt.ConnectionType.QueuedConnection)
        models.problem.connect(problems.put)
        models.opening.connect(self._show_status)
        self._restore_layout()

    @property
    def workspace(self) -> Workspace:
        """The workspace in sight."""
        return self.room.workspace

    @property
    def docks(self) -> Docks:
        """The panels in sight."""
        return self.room.docks

    @property
    def sessions(self) -> tuple[RunSession, ...]:
        """The runs of all workspaces."""
        return tuple(session for room in self._rooms.values() for session in room.workspace.sessions)

    @property
    def quiet(self) -> bool:
        """Whether nothing is being opened, made or drawn in the background, runs aside."""
        rooms = self._rooms.values()
        return (
            bool(rooms) and not self.services.background.busy and all(room.workspace.quiet for room in rooms)
        )

    @property
    def running(self) -> list[str]:
        """What is in progress, one line for each workspace."""
        return [line for room in self._rooms.values() if (line := self._line_of(room))]

    def is_in(self, name: str) -> bool:
        """Whether the workspace of this name is in sight."""
        return self.registry.scope == name

    def enter(self, name: str | None = None) -> None:
        """Bring the first workspace into sight: that of this name, or else that of the last start."""
        names = [entry.name for entry in self.entries]
        last = self.services.settings.workspace
        self.go_to(name or (last if last in names else names[0]))

    def go_to(self, name: str) -> None:
        """Bring the workspace of this name into sight; it is built on the first visit."""
        if self.is_in(name):
            return
        entered = self.room_of(name)
        if self.registry.scope:
            self.room.leave()
        self.room = entered
        self._stack.setCurrentWidget(self.room)
        self.registry.enter(name)
        self._fill_bars()
        self.room.enter()
        self.services.settings.workspace = name
        self._refresh()
        self._show_status()

    def room_of(self, name: str) -> Room:
        """The room of the workspace of this name; it is built on the first visit."""
        if name not in self._rooms:
            self._rooms[name] = self._make_room(name)
        return self._rooms[name]

    def open(self, path: Path) -> None:
        """Open a file or folder in the workspace that it belongs to."""
        self.open_all([path])

    def open_all(self, paths: Sequence[Path]) -> None:
        """Open files and folders one after the other, each in its workspace; the last stays in sight."""
        self._to_open = list(paths)
        self.banner.hide()
        self._open_next()

    @Slot()
    def _open_next(self) -> None:
        if self._to_open:
            self._route(self._to_open.pop(0), None)

    @Slot(object)
    def _open_chosen(self, path: Path) -> None:
        """Open what was chosen in a dialog of the workspace in sight: there, if it can."""
        self._to_open.clear()
        self.banner.hide()
        self._route(path, self.workspace.entry)

    def _route(self, path: Path, asking: Entry | None) -> None:
        if self._routing is not None:
            self._routing.cancel()
        remembered = self.services.settings.workspace_of(path)
        self._routing = self.services.background.run(
            workspace_for, path, self.entries, remembered, asking,
            then=partial(self._open_in, path), failed=self.services.report,
        )  # fmt: skip

    def find_command(self) -> None:
        """Open the command finder."""
        self.finder.appear()

    def show_shortcuts(self) -> None:
        """Open the list of keyboard shortcuts."""
        help_window = ShortcutHelp(self.registry, self.workspace.hints, self)
        help_window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        help_window.show()

    def show_about(self) -> None:
        """Open a small window with version and purpose."""
        from importlib.metadata import version

        about = QMessageBox(self)
        about.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about.setIconPixmap(self.windowIcon().pixmap(64, 64))
        about.setWindowTitle("About Wholefield")
        about.setText(f"Wholefield {version('wholefield')}")
        about.setInformativeText(ABOUT)
        about.show()

    def use_dark(self) -> None:
        """Switch to the dark theme and remember it."""
        self._use_theme(ThemeName.DARK)

    def use_light(self) -> None:
        """Switch to the light theme and remember it."""
        self._use_theme(ThemeName.LIGHT)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def reset_layout(self) -> None:
        """Restore the default layout of all panels."""
        self.room.arrange()

    def close_window(self) -> None:
        """Close, asking first where a run is in progress."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run is in progress; otherwise end everything and close."""
        if not self.closing.allows():
            event.ignore()
            return
        self._shut_down()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files and folders that were dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open_all(paths)

    def _open_in(self, path: Path, name: str | None) -> None:
        self._routing = None
        if name == MODELS:
            self.services.models.open(path)
            return
        if name is not None:
            self.go_to(name)
        self.workspace.open(path)

    @Slot(object)
    def _ask_to_open_as(self, path: Path) -> None:
        self.workspace.ask_to_open_as(path)

    @Slot(object, object, object)
    def _open_read(self, path: Path, kind: Kind, reading: Reading) -> None:
        """Open a file as what the user chose, in the way that the user chose."""
        self.banner.hide()
        self.go_to(next(entry.name for entry in self.entries if entry.kind is kind))
        self.workspace.open_read(path, reading)

    def _build(self) -> None:
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.resize(*SIZE)
        self._build_center()
        self._build_bars()
        self.finder = CommandFinder(self.registry, self)

    def _build_center(self) -> None:
        center = QWidget()
        self._stack = QStackedWidget()
        layout = QVBoxLayout(center)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(center)

    def _build_bars(self) -> None:
        self._menus = make_menus(self.menuBar(), self.registry)
        self._recent_menu = RecentMenu(self.services.settings, self.open, self)
        self._recent_models = RecentModelsMenu(self.services.models, self)
        self._panels_menu = QMenu("&Panels", self)
        self._command_menu = CommandMenu(self.registry, self)
        bar = self._tools = with_properties(QToolBar("Tools", movable=False), objectName="tools")
        bar.setIconSize(bar.iconSize().scaled(20, 20, Qt.AspectRatioMode.KeepAspectRatio))
        self.addToolBar(bar)
        places = [(entry.label, self.registry[entry_id(entry)]) for entry in self.entries]
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, Rail(places, self))
        fill_tool_bar(
            self._tools, self.registry
        )  # so that it has the same height before and after the workspace appears
        self.status = ElidedLabel(STARTING)
        self.statusBar().addWidget(self.status, 1)

    def _fill_bars(self) -> None:
        """Fill menus and tool bar with the actions in sight."""
        fill_menus(self._menus, self.registry)
        files, view, run = (self._menus[menu] for menu in (Menu.FILE, Menu.VIEW, Menu.RUN))
        files.insertMenu(next(entry for entry in files.actions() if entry.isSeparator()), self._recent_menu)
        self._menus[Menu.MODELS].addMenu(self._recent_models)
        self._panels_menu.clear()
        self.docks.fill_menu(self._panels_menu)
        view.insertMenu(self.registry["view.full_screen"], self._panels_menu)
        run.addSeparator()
        run.addMenu(self._command_menu)
        fill_tool_bar(self._tools, self.registry)

    def _make_room(self, name: str) -> Room:
        entry = next(entry for entry in self.entries if entry.name == name)
        size = self._stack.size() if self.isVisible() else self.size()
        room = Room(entry.load()(self.services), self.registry, self.services, size, self._stack)
        self._stack.addWidget(room)
        room.line_changed.connect(self._show_status)
        room.workspace.changed.connect(self._refresh)
        room.workspace.path_chosen.connect(self._open_chosen)
        room.workspace.read_as.connect(self._open_read)
        room.workspace.opened.connect(self._open_next, Qt.ConnectionType.QueuedConnection)
        for session in room.workspace.sessions:
            session.ended.connect(self.closing.go_on)
        for readout in room.readouts:
            self.statusBar().addPermanentWidget(readout)
        return room

    @Slot()
    def _refresh(self) -> None:
        self.registry.refresh()
        name = self.workspace.title
        self.setWindowTitle(f"{name} — Wholefield" if name else "Wholefield")

    @Slot()
    def _show_status(self) -> None:
        """What is in progress here, and after it what is in the other rooms."""
        others = [room for room in self._rooms.values() if room is not self.room]
        lines = [self.room.line, *map(self._line_of, others), self.services.models.line]
        self.status.setText("   ".join(line for line in lines if line) or READY)

    @staticmethod
    def _line_of(room: Room) -> str:
        return f"{room.workspace.entry.label}: {room.line}" if room.line else ""

    def _use_theme(self, name: ThemeName) -> None:
        self.services.themes.use(name)
        self.services.settings.theme = name
        self.registry.refresh()

    def _restore_layout(self) -> None:
        if geometry := self.services.settings.layout("window/geometry"):
            self.restoreGeometry(geometry)

    @Slot(list)
    def _show_problems(self, problems: list[Problem]) -> None:
        for problem in problems:
            log.error("%s", problem.sentence)
            self.banner.show_problem(problem)
        # One of several files may be the problem; the others are opened all the same.
        self._open_next()

    def _shut_down(self) -> None:
        for session in self.sessions:
            session.discard()
            session.wait()
        for room in self._rooms.values():
            room.workspace.close()
        self.services.background.close()
        settings = self.services.settings
        settings.set_layout("window/geometry", self.saveGeometry())
        if self.registry.scope:
            self.room.remember_layout()
        settings.save()
        self._hooks.remove()
        self.services.log.remove()
        self._problems.close()
