"""What the labels of slides and of stacks have in common: classes, the tool in hand, undo, and when they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wholefield.errors import SettingError
from wholefield.labels import LabelClasses
from wholefield.labels.history import History
from wholefield_app.background import Task
from wholefield_app.labeling.tools import Tool
from wholefield_app.problems import Problem
from wholefield_app.services import Services

SAVE_MS = 2000
"""A crash loses what was drawn in the last seconds at most."""
SMALLEST_RADIUS, LARGEST_RADIUS = 1.0, 200.0
ELSEWHERE = "labels"


class DrawnLabels(QObject):
    """Labels that are drawn on what is open, and the tool that draws them; a subclass says what a label is.

    Attributes:
        workspace: The workspace that they belong to, the first part of the names of their actions.
        noun: What is labeled.
        tools: What can be taken in hand.
        hint: What to do first, and where labels are kept.
        trainings: Names of the actions that train on the labels, without that of the workspace.
        classes: The classes.
        current: The value of the class that is drawn with; 0 while there is none.
        tool: The tool in hand.
        radius: Radius of brush and eraser, in px of the screen.
        tolerance: How far colors may lie apart for the wand, in percent of their range.
        path: Where the labels are kept; None while nothing is open.

    Signals:
        changed: Labels, classes, selection or tool are others now.
        loaded: The labels of what was opened are there.
    """

    changed = Signal()
    loaded = Signal()

    workspace: ClassVar[str]
    noun: ClassVar[str]
    tools: ClassVar[tuple[Tool, ...]]
    hint: ClassVar[str]
    trainings: ClassVar[tuple[str, ...]] = ("train_on_labels",)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.classes = LabelClasses()
        self.current = 0
        self.tool = Tool.MOVE
        self.radius = 12.0
        self.tolerance = 15
        self.path: Path | None = None
        self._loading: Task | None = None
        # How often something was changed, and how often it had been when that was saved.
        self._edits = self._saved = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)

    # What a subclass says.

    @property
    def history(self) -> History:
        """What can be undone."""
        raise NotImplementedError

    @property
    def used(self) -> frozenset[int]:
        """The classes that have labels."""
        raise NotImplementedError

    def describe(self, value: int) -> str:
        """How much a class has, in words."""
        raise NotImplementedError

    def take_over(self, path: Path) -> None:
        """Add the labels of a file to those that are there."""
        raise NotImplementedError

    def write(self) -> None:
        """Save what changed before returning.

        Raises:
            OSError: It cannot be written.
        """
        raise NotImplementedError

    @Slot()
    def save(self) -> None:
        """Save what changed, in a worker thread."""
        raise NotImplementedError

    def drop_class(self, value: int) -> None:
        """Delete all labels of a class, as a step that can be undone."""
        raise NotImplementedError

    # What is the same.

    @property
    def ready(self) -> bool:
        """Whether something is open and its labels are there to be changed."""
        return self.path is not None and self._loading is None

    @property
    def locked(self) -> frozenset[int]:
        """The classes whose labels must stay."""
        return frozenset(each.value for each in self.classes if each.locked)

    @property
    def hidden(self) -> frozenset[int]:
        """The classes that are not shown."""
        return frozenset(each.value for each in self.classes if not each.visible)

    @property
    def kept(self) -> frozenset[int]:
        """The classes that are neither painted over nor erased: what is locked, and what is not seen."""
        return self.locked | self.hidden

    @property
    def can_draw(self) -> bool:
        """Whether the chosen class takes what is drawn."""
        return self.current in self.classes and self.current not in self.locked

    def take_tool(self, tool: Tool) -> None:
        """Take another tool in hand; one that draws needs a class, so that there is one."""
        self.tool = tool
        if tool not in (Tool.MOVE, Tool.SELECT, Tool.ERASER) and not self.current:
            first = next(iter(self.classes), None) or self.classes.named("Class 1")
            self.choose(first.value)
        self.changed.emit()

    def choose(self, value: int) -> None:
        """Draw with another class from now on."""
        self.current = value
        self.changed.emit()

    def choose_by_key(self, key: str) -> bool:
        """Choose the class of a digit; False where there is none."""
        found = next((each for each in self.classes if key and each.key == key), None)
        if found is not None:
            self.choose(found.value)
        return found is not None

    def set_radius(self, radius: float) -> None:
        """Change the size of brush and eraser, in px of the screen."""
        self.radius = min(max(radius, SMALLEST_RADIUS), LARGEST_RADIUS)
        self.changed.emit()

    def set_tolerance(self, percent: int) -> None:
        """Change how far colors may lie apart for the wand."""
        self.tolerance = percent
        self.changed.emit()

    def add_class(self, name: str) -> None:
        """Add a class and draw with it.

        Raises:
            SettingError: The name is empty or taken.
        """
        change = _Classes(self)
        self.current = self.classes.add(name).value
        self.history.add(change)
        self.edited()

    def change_class(self, value: int, **changes: object) -> None:
        """Change name, color, key, visibility or lock of a class; what cannot be is reported, and nothing changes."""
        try:
            self.classes.change(value, **changes)
        except SettingError as error:
            self._services.report(Problem(str(error)))
        self.edited()

    def remove_class(self, value: int) -> None:
        """Delete a class with its labels; undo brings back the class, and then the labels."""
        self.drop_class(value)
        self.history.add(_Classes(self))
        self.classes.remove(value)
        self.edited()

    @Slot()
    def undo(self) -> None:
        """Undo the last edit."""
        if self.history.undo():
            self.edited()

    @Slot()
    def redo(self) -> None:
        """Make the edit again that was undone last."""
        if self.history.redo():
            self.edited()

    def edited(self) -> None:
        """Something was changed: it will be saved in a moment, however much is changed until then."""
        self._keep_current()
        self._edits += 1
        if not self._timer.isActive():
            self._timer.start()
        self.changed.emit()

    def save_now(self) -> None:
        """Write what changed before anything else happens: what is open, or the window, is about to close."""
        self._timer.stop()
        if self._unsaved:
            try:
                self.write()
                self._saved = self._edits
            except OSError as error:
                self._say_not_saved(Problem.from_error(error))

    @property
    def _unsaved(self) -> bool:
        return self._saved != self._edits and self.path is not None

    def _begin(self) -> None:
        """Leave what was open; its labels are saved first, and its classes stay."""
        self.save_now()
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self.path = None

    def _keep_current(self) -> None:
        if self.current not in self.classes:
            self.current = next((each.value for each in self.classes), 0)

    def _refuse(self, problem: Problem) -> None:
        """Labels that cannot be read stay as they are: nothing is drawn over them."""
        self._loading = None
        self.path = None
        self._services.report(problem)
        self.changed.emit()

    def _note_saved(self, path: Path, edits: int, _: object) -> None:
        if path == self.path:
            self._saved = max(self._saved, edits)

    def _say_not_saved(self, problem: Problem) -> None:
        """What could not be saved is saved with the next change, or on closing."""
        where = f" to {self.path}" if self.path is not None else ""
        sentence = (
            f"The labels could not be saved{where}; make room there, or export them. {problem.sentence}"
        )
        self._services.report(Problem(sentence, problem.details))


class _Classes:
    """The classes as they were before an edit, and after undoing that as they were after it."""

    def __init__(self, labels: DrawnLabels) -> None:
        self._labels = labels
        self._other = LabelClasses(labels.classes)

    def swap(self) -> None:
        """Put the other classes in place."""
        self._labels.classes, self._other = self._other, self._labels.classes
