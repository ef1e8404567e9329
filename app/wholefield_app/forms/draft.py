"""What the user has chosen so far: the values of a task's settings, as an object without widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from wholefield.errors import SettingError
from wholefield.runs.settings import Declaration, RunSettings
from wholefield.tasks.registry import Task

RUNS = "runs"


class Draft(QObject):
    """The settings of a run before it starts; forms, the inspector and the tile grid read and change it.

    Values that were never set are the defaults of the current task. Values that were set stay when the task changes,
    as far as the other task has a setting of the same name.

    Attributes:
        tasks: The tasks to choose from.
        runs_folder: Folder for new runs that the user chose; None for one beside the data.
        beside: What the default folder for runs lies beside; None while nothing is open.

    Signals:
        changed: A value, the task or the folder of runs has changed.
    """

    changed = Signal()

    def __init__(self, tasks: Sequence[Task], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tasks = tuple(tasks)
        self.runs_folder: Path | None = None
        self.beside: Path | None = None
        self._task = self.tasks[0]
        self._values: dict[str, Any] = {}
        self._notes: dict[str, str] = {}

    @property
    def task(self) -> Task:
        """The current task."""
        return self._task

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        """What is declared of the settings of the current task."""
        return self._task.settings.declarations()

    @property
    def runs(self) -> Path | None:
        """The folder that new runs go into; None while nothing is open and none is chosen."""
        return self.runs_folder or (self.beside.parent / RUNS if self.beside is not None else None)

    def use_task(self, name: str) -> None:
        """Change the task."""
        (task,) = (each for each in self.tasks if each.name == name)
        if task is not self._task:
            self._task = task
            self.changed.emit()

    def value(self, name: str) -> Any:
        """The value of a setting: what was set, or the default of the current task; None where there is neither."""
        declared = self.declarations.get(name)
        default = None if declared is None or declared.default is MISSING else declared.default
        return self._values.get(name, default)

    def set(self, **values: Any) -> None:
        """Set values, also of settings that only other tasks have; None unsets those that must be given."""
        before = self._values
        self._values = before | values
        for name, value in values.items():
            if value is None and self._must_be_given(name):
                del self._values[name]
        if self._values != before:
            self.changed.emit()

    def choose_runs(self, folder: Path | None) -> None:
        """Choose the folder for new runs, or with None one beside the data."""
        if folder != self.runs_folder:
            self.runs_folder = folder
            self.changed.emit()

    def lie_beside(self, path: Path | None) -> None:
        """Tell what is open: by default new runs go beside it."""
        if path != self.beside:
            self.beside = path
            self.changed.emit()

    def note(self, name: str, text: str) -> None:
        """Say something about a setting, such as which values its file holds; an empty text says nothing."""
        if text != self._notes.get(name, ""):
            self._notes[name] = text
            self.changed.emit()

    def note_on(self, name: str) -> str:
        """What was said about a setting; empty where nothing was."""
        return self._notes.get(name, "")

    def disabled_because(self, name: str) -> str:
        """Why a setting has no meaning with the values of the others; empty where it has one."""
        return self.declarations[name].disabled_because(self.value)

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen; empty when every setting that must be given is."""
        labels = [
            each.label.lower()
            for each in self.declarations.values()
            if each.required and each.name not in self._values
        ]
        return f"Still required: {', '.join(labels)}." if labels else ""

    def settings(self) -> RunSettings:
        """The settings, checked.

        Raises:
            SettingError: One is missing or cannot work; the text names it.
        """
        if self.missing:
            raise SettingError(self.missing)
        settings = self.unchecked()
        settings.validate()
        return settings

    def unchecked(self) -> RunSettings:
        """The settings as they stand; all required settings are set.

        A setting that has no meaning with the others has its default.
        """
        names = [
            name for name in self.declarations if name in self._values and not self.disabled_because(name)
        ]
        return self._task.settings(**{name: self._values[name] for name in names})

    def restore(self, settings: RunSettings) -> None:
        """Take up the settings of an earlier run: its task, and every value that differs from the default."""
        self._task = next((each for each in self.tasks if each.settings is type(settings)), self._task)
        declared = type(settings).declarations()
        values = {name: getattr(settings, name) for name in declared}
        kept = {name: value for name, value in self._values.items() if name not in declared}
        self._values = kept | {
            name: value for name, value in values.items() if value != declared[name].default
        }
        self.changed.emit()

    def _must_be_given(self, name: str) -> bool:
        found = [
            task.settings.declarations()[name] for task in self.tasks if name in task.settings.declarations()
        ]
        return all(each.required for each in found)
