"""Menus whose entries change: recent files, and the commands that can be copied."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from wholefield_app.actions import Registry
from wholefield_app.models import OpenedModels
from wholefield_app.settings import Settings


class RecentMenu(QMenu):
    """Files and folders opened last, newest first."""

    def __init__(self, settings: Settings, open_path: Callable[[Path], None], parent: QWidget) -> None:
        super().__init__("Open &recent", parent)
        self._settings = settings
        self._open_path = open_path
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.refill)
        settings.recent_changed.connect(self.refill)
        self.triggered.connect(self._choose)
        self.refill()

    @Slot()
    def refill(self) -> None:
        """List what is remembered now."""
        self.clear()
        for path in self._settings.recent:
            entry = self.addAction(path.name.replace("&", "&&"))
            entry.setData(str(path))
            entry.setToolTip(str(path))
        self.addSeparator()
        forget = self.addAction("Clear this list")
        forget.triggered.connect(self._settings.clear_recent)
        self.setEnabled(bool(self._settings.recent))

    @Slot(QAction)
    def _choose(self, entry: QAction) -> None:
        if entry.data():
            self._open_path(Path(entry.data()))


class RecentModelsMenu(QMenu):
    """Models opened last, newest first."""

    def __init__(self, models: OpenedModels, parent: QWidget) -> None:
        super().__init__("Open &recent model", parent)
        self._models = models
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.refill)
        models.recent_changed.connect(self.refill)
        self.triggered.connect(self._choose)
        self.refill()

    @Slot()
    def refill(self) -> None:
        """List what is remembered now."""
        self.clear()
        for path in self._models.recent:
            entry = self.addAction(path.name.replace("&", "&&"))
            entry.setData(str(path))
            entry.setToolTip(str(path))
        self.setEnabled(not self.isEmpty())

    @Slot(QAction)
    def _choose(self, entry: QAction) -> None:
        self._models.open(Path(entry.data()))


class CommandMenu(QMenu):
    """What the window can do, as command lines for the clipboard."""

    def __init__(self, registry: Registry, parent: QWidget) -> None:
        super().__init__("&Copy as command", parent)
        self._registry = registry
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.refill)
        self.triggered.connect(self._copy)

    @Slot()
    def refill(self) -> None:
        """List the actions that have a command line now."""
        self.clear()
        for bound in self._registry:
            command = bound.definition.command
            if command is None:
                continue
            line = command()
            entry = self.addAction(bound.icon(), bound.definition.title.removesuffix("…"))
            entry.setData(line or "")
            entry.setEnabled(bool(line))
            entry.setToolTip(line or bound.reason or "Fill in the settings first.")

    @Slot(QAction)
    def _copy(self, entry: QAction) -> None:
        QGuiApplication.clipboard().setText(entry.data())
