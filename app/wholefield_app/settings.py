"""What the application remembers between starts: recent files, theme, window layout, form values."""

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from wholefield_app.theme.theme import ThemeName

RECENT_LIMIT = 10
RECENT_WORKSPACES = "recent_workspaces"
# What the program was called; its settings are taken over once.
FORMER_NAME = "Tessera"


class Settings(QObject):
    """Typed access to QSettings.

    Signals:
        recent_changed: The list of recent files and folders has changed.
    """

    recent_changed = Signal()

    def __init__(self, store: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    @property
    def theme(self) -> ThemeName:
        """The theme chosen last; dark at first."""
        name = str(self._store.value("theme", ThemeName.DARK.value))
        return ThemeName(name) if name in set(ThemeName) else ThemeName.DARK

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._store.setValue("theme", name.value)

    @property
    def workspace(self) -> str:
        """Name of the workspace that was in sight last; empty at first."""
        return str(self._store.value("workspace", ""))

    @workspace.setter
    def workspace(self, name: str) -> None:
        self._store.setValue("workspace", name)

    @property
    def own_process(self) -> bool:
        """Whether runs have a process of their own, and not a thread of the window; they have at first."""
        return str(self._store.value("runs/own_process", True)).lower() != "false"

    @own_process.setter
    def own_process(self, wanted: bool) -> None:
        self._store.setValue("runs/own_process", wanted)

    @property
    def leave_runs(self) -> bool:
        """Whether runs go on without a question when the window is closed; not at first."""
        return str(self._store.value("runs/leave", False)).lower() == "true"

    @leave_runs.setter
    def leave_runs(self, wanted: bool) -> None:
        self._store.setValue("runs/leave", wanted)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files and folders opened last that still exist, newest first."""
        # A list of one entry comes back from an INI file as a text.
        stored = self._store.value("recent", [])
        names = stored if isinstance(stored, list) else [stored] if stored else []
        return tuple(path for path in (Path(str(name)) for name in names) if path.exists())

    def recent_in(self, workspace: str) -> tuple[Path, ...]:
        """Those of the recent files that were opened in the workspace of this name."""
        return tuple(path for path in self.recent if self.workspace_of(path) == workspace)

    def workspace_of(self, path: Path) -> str:
        """Name of the workspace in which a recent file was opened; empty for any other file."""
        return str((self.json(RECENT_WORKSPACES) or {}).get(str(path.absolute()), ""))

    def add_recent(self, path: Path, workspace: str = "") -> None:
        """Put `path`, opened in the workspace of this name, on top of the recent files."""
        path = path.absolute()
        names = [str(path), *(str(known) for known in self.recent if known != path)][:RECENT_LIMIT]
        places = {str(known): self.workspace_of(known) for known in self.recent} | {str(path): workspace}
        self._store.setValue("recent", names)
        self.set_json(RECENT_WORKSPACES, {name: place for name, place in places.items() if name in names})
        self.recent_changed.emit()

    def forget_recent(self, path: Path) -> None:
        """Take a path that turned out to be unreadable off the recent files."""
        self._store.setValue("recent", [str(known) for known in self.recent if known != path.absolute()])
        self.recent_changed.emit()

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._store.remove("recent")
        self._store.remove(RECENT_WORKSPACES)
        self.recent_changed.emit()

    @property
    def last_folder(self) -> Path:
        """Where a dialog begins: beside what was opened last."""
        return self.recent[0].parent if self.recent else Path.home()

    def json(self, key: str) -> dict[str, Any] | None:
        """A remembered JSON object, or None."""
        try:
            value = json.loads(str(self._store.value(key, "")))
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def set_json(self, key: str, value: dict[str, Any]) -> None:
        """Remember a JSON object."""
        self._store.setValue(key, json.dumps(value))

    def layout(self, key: str) -> QByteArray | None:
        """A remembered window geometry or dock layout, or None."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_layout(self, key: str, value: QByteArray) -> None:
        """Remember a window geometry or dock layout."""
        self._store.setValue(key, value)

    def save(self) -> None:
        """Write everything to the disk now."""
        self._store.sync()


def take_over(former: QSettings, store: QSettings) -> bool:
    """Copy what was remembered under the former name into a store that is still empty; returns whether it did.

    The former store is left as it is.
    """
    if store.allKeys() or not former.allKeys():
        return False
    for key in former.allKeys():
        store.setValue(key, former.value(key))
    store.sync()
    return True
