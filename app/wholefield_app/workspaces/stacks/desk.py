"""The open stacks: opens and closes them off the GUI thread, and checks that they fit each other."""

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from wholefield_app.background import Task
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.workspaces.stacks.opening import (
    DatasetChoice,
    OpenStack,
    Role,
    let_go,
    open_path,
    sizes_differ,
)

log = logging.getLogger(__name__)


class Desk(QObject):
    """Holds the input stack, and a target and a prediction of the same size.

    Attributes:
        stacks: The open stacks by role.

    Signals:
        opened: Path of an input stack that the user opened.
        changed: The role whose stack is another one now, or none.
        opening: Name of what is being opened, or an empty text when that has ended.
        choice_wanted: The DatasetChoice of a file that holds several volumes.
    """

    opened = Signal(object)
    changed = Signal(object)
    opening = Signal(str)
    choice_wanted = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks: dict[Role, Task] = {}
        self._pairs_next: tuple[Path, Path, Role] | None = None
        self.stacks: dict[Role, OpenStack] = {}

    @property
    def input(self) -> OpenStack | None:
        """The stack that is worked on."""
        return self.stacks.get(Role.INPUT)

    def open(self, path: Path, role: Role = Role.INPUT, dataset: str | None = None) -> None:
        """Open a stack for a role; what was asked for before and is not there yet is dropped.

        Args:
            path: The file or folder.
            role: What it is for; without an input, every stack is one.
            dataset: Which volume of the file, or None to choose where there are several.
        """
        if self.input is None and Role.INPUT not in self._tasks:
            role = Role.INPUT
        self._drop(role)
        self.opening.emit(path.name)
        self._tasks[role] = self._services.background.run(
            open_path, path, role, dataset,
            then=lambda found: self._take(role, found),
            failed=lambda problem: self._refuse(role, problem),
            dropped=let_go,
        )  # fmt: skip

    def open_pair(self, stack: Path, other: Path, role: Role = Role.TARGET) -> None:
        """Open an input stack and, once it is there, its target (or prediction)."""
        self._pairs_next = stack, other, role
        self.open(stack)

    def remove(self, role: Role) -> None:
        """Close the stack of a role; without an input there is nothing to compare the others with."""
        roles = list(Role) if role is Role.INPUT else [role]
        for each in roles:
            self._drop(each)
            self._put(each, None)

    def close(self) -> None:
        """Let go of all stacks."""
        self.remove(Role.INPUT)

    def _drop(self, role: Role) -> None:
        task = self._tasks.pop(role, None)
        if task is not None:
            task.cancel()
            self.opening.emit("")

    def _take(self, role: Role, found: OpenStack | DatasetChoice) -> None:
        self._tasks.pop(role, None)
        self.opening.emit("")
        if isinstance(found, DatasetChoice):
            self.choice_wanted.emit(found)
        elif role is Role.INPUT:
            self._take_input(found)
        elif self.input is None:
            let_go(found)
        elif sentence := sizes_differ(self.input.source, found.source):
            let_go(found)
            self._services.report(Problem(sentence))
        else:
            self._put(role, found)

    def _take_input(self, found: OpenStack) -> None:
        for role in (Role.TARGET, Role.PREDICTION):
            self.remove(role)
        self._put(Role.INPUT, found)
        self.opened.emit(found.source.path)
        pair, self._pairs_next = self._pairs_next, None
        if pair is not None and pair[0] == found.source.path:
            self.open(pair[1], pair[2])

    def _refuse(self, role: Role, problem: Problem) -> None:
        self._tasks.pop(role, None)
        self.opening.emit("")
        self._services.report(problem)

    def _put(self, role: Role, stack: OpenStack | None) -> None:
        before = self.stacks.pop(role, None)
        if stack is not None:
            self.stacks[role] = stack
            source = stack.source
            log.info("Opened %s (%s, %s voxels)", source.path, source.format_name, source.shape)
        if before is not None or stack is not None:
            # Whoever shows the stack of before lets go of it now.
            self.changed.emit(role)
        if before is not None:
            before.source.close()
