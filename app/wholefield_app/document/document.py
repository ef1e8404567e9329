"""What is open: opened off the GUI thread, replaced, and closed once nothing shows it any more."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from wholefield.sources.choices import Reading
from wholefield_app.background import Task
from wholefield_app.opening.unanswered import Unanswered
from wholefield_app.problems import Problem
from wholefield_app.services import Services

Thing = TypeVar("Thing")


class Role(StrEnum):
    """What an open thing is for; the value is what the window calls it."""

    INPUT = "Input"
    TARGET = "Target"
    PREDICTION = "Prediction"


class Document(QObject, Generic[Thing]):
    """Holds what is worked on and, where there are such, a target and a prediction that belong to it.

    A kind of document says how a path is opened (`reader`), what is closed (`release`) and its properties.

    Attributes:
        things: What is open, by role.

    Signals:
        opened: Path that the user opened as the input.
        changed: The Role whose thing is another one now, or none.
        opening: Name of what is being opened, or an empty text when that has ended.
        unanswered: The `Unanswered` of a file that cannot be opened before the user decides, and the Role it is for.
    """

    opened = Signal(object)
    unanswered = Signal(object, object)
    changed = Signal(object)
    opening = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks: dict[Role, Task] = {}
        self.things: dict[Role, Thing] = {}

    @property
    def input(self) -> Thing | None:
        """What is worked on."""
        return self.things.get(Role.INPUT)

    @property
    def busy(self) -> bool:
        """Whether something is being opened."""
        return bool(self._tasks)

    @property
    def name(self) -> str:
        """The name of the open file; empty if there is none."""
        return self.path.name if self.path is not None else ""

    @property
    def path(self) -> Path | None:
        """The file or folder that is worked on."""
        raise NotImplementedError

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is wrong with the input."""
        return ()

    @property
    def typed_spacing(self) -> str | None:
        """The spacing that the user has typed for a file that has none; None where it cannot be typed."""
        return None

    def small_pictures(self) -> Callable[[], list[tuple[str, QImage]]] | None:
        """Reads the small pictures that come with the input, in a worker thread; None where there are none."""
        return None

    @Slot(str)
    def respace(self, text: str) -> None:
        """Read the input again with the spacing that the user has typed."""
        if self.path is not None:
            self.open(self.path, Role.INPUT, self.reading | {"spacing": text}, remembered=False)

    def properties(self) -> list[tuple[str, str]]:
        """Names and values of what is known of the input, the important ones first."""
        raise NotImplementedError

    @property
    def reading(self) -> Reading:
        """How the input is read: what was answered about it, and what is chosen now."""
        known = self._services.readings.of(self.path) if self.path is not None else None
        return known or Reading()

    def reader(self, role: Role, reading: Reading | None) -> Callable[[Path], Any]:
        """The function that opens a path, in a worker thread.

        Args:
            role: What it is opened for.
            reading: How it is read, or None where that is to be found out.
        """
        raise NotImplementedError

    def release(self, found: Any) -> None:
        """Close what was opened and is not wanted any more."""
        raise NotImplementedError

    def open(
        self, path: Path, role: Role = Role.INPUT, reading: Reading | None = None, *, remembered: bool = True
    ) -> None:
        """Open something; what was asked for before and is not there yet is dropped.

        Args:
            path: The file or folder.
            role: What it is for; without an input, everything is one.
            reading: How it is read; None as it was read before, or else to ask where something is open.
            remembered: Whether the user named the path, so that it belongs in the list of recent files.
        """
        if self.input is None and Role.INPUT not in self._tasks:
            role = Role.INPUT
        # Targets and predictions belong to the input of before.
        for each in list(Role) if role is Role.INPUT else [role]:
            self._drop(each)
        self.opening.emit(path.name)
        given = reading if reading is not None else self._services.readings.of(path)
        self._tasks[role] = self._services.background.run(
            self.reader(role, given),
            path,
            then=partial(self._arrive, role, path, given, remembered),
            failed=partial(self._refuse, role, path),
            dropped=self._drop_found,
        )

    def remove(self, role: Role = Role.INPUT) -> None:
        """Close what is open for a role; without an input there is nothing that the others belong to."""
        for each in list(Role) if role is Role.INPUT else [role]:
            self._drop(each)
            self.put(each, None)

    def take(self, role: Role, found: Any, named: Path | None) -> None:
        """Take in what was opened, in the GUI thread; `named` is the path where the user named it."""
        self.put(role, found)
        if named is not None and role is Role.INPUT:
            self.opened.emit(named)

    def put(self, role: Role, thing: Thing | None) -> None:
        """Show something else for a role, or nothing."""
        before = self.things.pop(role, None)
        if thing is not None:
            self.things[role] = thing
        if before is not None or thing is not None:
            # Whatever shows the thing of before releases it now.
            self.changed.emit(role)
        if before is not None:
            self.replace(before)

    def replace(self, before: Thing) -> None:
        """Close what was open before; nothing shows it any more."""
        self.release(before)

    def _drop(self, role: Role) -> None:
        task = self._tasks.pop(role, None)
        if task is not None:
            task.cancel()
            self.opening.emit("")

    def _drop_found(self, found: Any) -> None:
        if not isinstance(found, Unanswered):
            self.release(found)

    def _arrive(self, role: Role, path: Path, given: Reading | None, remembered: bool, found: Any) -> None:
        self._tasks.pop(role, None)
        self.opening.emit("")
        if isinstance(found, Unanswered):
            self.unanswered.emit(found, role)
            return
        if given is not None:
            self._services.readings.keep(path, given)
        self.take(role, found, path if remembered else None)

    def _refuse(self, role: Role, path: Path, problem: Problem) -> None:
        self._tasks.pop(role, None)
        self.opening.emit("")
        named = path if role is Role.INPUT and path.is_file() else None
        self._services.report(replace(problem, path=named))
