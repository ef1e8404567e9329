"""The main window: it frames a workspace with menus, docks and status bar, and closes in good order."""

import logging
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QMessageBox, QToolBar, QVBoxLayout, QWidget

from app.actions import Menu, Registry
from app.actions.finder import CommandFinder
from app.actions.menus import fill_menu_bar, fill_tool_bar
from app.actions.shortcuts import ShortcutHelp
from app.background import Background
from app.log import SessionLog
from app.mailbox import Mailbox
from app.panels.log_panel import LogPanel
from app.problems import ExceptionHooks, Problem
from app.services import Services
from app.settings import Settings
from app.theme.manager import ThemeManager
from app.theme.theme import ThemeName
from app.window.actions import window_actions
from app.window.banner import Banner
from app.window.closing import ClosingQuestion
from app.window.docks import Docks
from app.window.submenus import CommandMenu, RecentMenu
from app.workspaces.workspace import Panel, Workspace

SIZE = (1440, 900)
LAYOUT_VERSION = 1
ABOUT = (
    "Tessera trains and runs deep networks on images that do not fit in memory, tile by tile and exactly, "
    "and shows what they do while they do it."
)

log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """One window around one workspace.

    Attributes:
        services: What every part of the window may use.
        workspace: What is worked on.
        registry: Everything a user can do.
    """

    def __init__(
        self, settings: Settings, themes: ThemeManager, make_workspace: Callable[[Services], Workspace]
    ) -> None:
        super().__init__()
        self.banner = Banner(themes.theme)
        self._closing = False
        problems = self._problems = Mailbox(parent=self)
        problems.arrived.connect(self._show_problems)
        self._hooks = ExceptionHooks(problems.put)
        self.services = Services(settings, Background(parent=self), themes, SessionLog(self), problems.put)
        self.services.log.install()
        self._hooks.install()
        self.workspace = make_workspace(self.services)
        self.workspace.setParent(self)
        self.registry = Registry(self, themes.theme)
        self.registry.add([*self.workspace.actions(), *window_actions(self)])
        self._build()
        self._connect()
        self._restore_layout()
        self._refresh()

    def open(self, path: Path) -> None:
        """Open a file or folder."""
        self.banner.hide()
        self.workspace.open(path)

    def find_command(self) -> None:
        """Open the command finder."""
        self.finder.appear()

    def show_shortcuts(self) -> None:
        """Open the list of keyboard shortcuts."""
        help_window = ShortcutHelp(self.registry, self)
        help_window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        help_window.show()

    def show_about(self) -> None:
        """Open a small window with version and purpose."""
        about = QMessageBox(self)
        about.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about.setIconPixmap(self.windowIcon().pixmap(64, 64))
        about.setWindowTitle("About Tessera")
        about.setText(f"Tessera {version('tessera')}")
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
        """Put all panels back to where they stood at first."""
        self.docks.arrange()

    def close_window(self) -> None:
        """Close, asking first where a run is going on."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run worth keeping is going on; otherwise end everything and close."""
        active = [session for session in self.workspace.sessions if session.state.active]
        if any(session.worth_keeping for session in active):
            event.ignore()
            self._ask()
            return
        self._shut_down()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file or folder that was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open(paths[0])

    def _build(self) -> None:
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.resize(*SIZE)
        self._build_centre()
        self._build_bars()
        themes = self.services.themes
        log_panel = LogPanel(self.services.log, themes.theme)
        themes.changed.connect(log_panel.use_theme)
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        panels = [*self.workspace.make_panels(self.registry), Panel("log", "Log", log_panel, bottom, 132)]
        self.docks = Docks(self, panels)
        self.docks.fill_menu(self._panels_menu)
        self.finder = CommandFinder(self.registry, self)

    def _build_centre(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.workspace.central, 1)
        self.setCentralWidget(centre)

    def _build_bars(self) -> None:
        menus = fill_menu_bar(self.menuBar(), self.registry)
        recent = RecentMenu(self.services.settings, self.open, self)
        menus[Menu.FILE].insertMenu(self.registry["slides.open_demo"], recent)
        self._panels_menu = QMenu("&Panels", self)
        menus[Menu.VIEW].insertMenu(self.registry["view.full_screen"], self._panels_menu)
        menus[Menu.RUN].addSeparator()
        menus[Menu.RUN].addMenu(CommandMenu(self.registry, self))
        bar = QToolBar("Tools", objectName="tools", movable=False)
        bar.setIconSize(bar.iconSize().scaled(20, 20, Qt.AspectRatioMode.KeepAspectRatio))
        fill_tool_bar(bar, self.registry)
        self.addToolBar(bar)
        self.status = QLabel("Ready")
        self.statusBar().addWidget(self.status)
        for readout in self.workspace.readouts():
            self.statusBar().addPermanentWidget(readout)

    def _connect(self) -> None:
        themes, workspace = self.services.themes, self.workspace
        themes.changed.connect(self.registry.use_theme)
        themes.changed.connect(self.banner.use_theme)
        workspace.changed.connect(self._refresh)
        workspace.status_changed.connect(self.status.setText)
        workspace.opened.connect(self.services.settings.add_recent)
        workspace.panel_wanted.connect(self._show_panel)
        for session in workspace.sessions:
            session.ended.connect(self._close_if_asked)

    @Slot(str, bool)
    def _show_panel(self, panel_id: str, shown: bool) -> None:
        self.docks.show_panel(panel_id, shown)

    @Slot()
    def _refresh(self) -> None:
        self.registry.refresh()
        name = self.workspace.title
        self.setWindowTitle(f"{name} — Tessera" if name else "Tessera")

    def _use_theme(self, name: ThemeName) -> None:
        self.services.themes.use(name)
        self.services.settings.theme = name
        self.registry.refresh()

    def _restore_layout(self) -> None:
        settings = self.services.settings
        if geometry := settings.layout("window/geometry"):
            self.restoreGeometry(geometry)
        if layout := settings.layout("window/layout"):
            self.restoreState(layout, LAYOUT_VERSION)

    def _ask(self) -> None:
        question = ClosingQuestion(self)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.stop_and_keep.connect(self._stop_and_close)
        question.abandon.connect(self._abandon_and_close)
        question.open()

    @Slot()
    def _stop_and_close(self) -> None:
        self._closing = True
        for session in self.workspace.sessions:
            session.stop_and_keep() if session.worth_keeping else session.abandon()
        self._close_if_asked()

    @Slot()
    def _abandon_and_close(self) -> None:
        self._closing = True
        for session in self.workspace.sessions:
            session.abandon()
        self._close_if_asked()

    @Slot()
    def _close_if_asked(self) -> None:
        if self._closing and not any(session.state.active for session in self.workspace.sessions):
            self.close()

    @Slot(list)
    def _show_problems(self, problems: list[Problem]) -> None:
        for problem in problems:
            log.error("%s", problem.sentence)
            self.banner.show_problem(problem)

    def _shut_down(self) -> None:
        for session in self.workspace.sessions:
            session.abandon()
            session.wait()
        self.workspace.close()
        self.services.background.close()
        settings = self.services.settings
        settings.set_layout("window/geometry", self.saveGeometry())
        settings.set_layout("window/layout", self.saveState(LAYOUT_VERSION))
        settings.save()
        self._hooks.remove()
        self.services.log.remove()
        self._problems.close()
