"""The labels of the open slide: loaded with it, changed by the tools, saved by themselves."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wholefield.errors import SettingError
from wholefield.labels import Annotations, Imported, LabelClasses, Shape, read_geojson, write_geojson
from wholefield.labels.annotations import Number
from wholefield.labels.places import SHAPES, labels_beside
from wholefield_app.background import Task
from wholefield_app.labeling.tools import Tool
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_resources.demo.once import user_folder

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

SAVE_MS = 2000
"""A crash loses what was drawn in the last seconds at most."""
SMALLEST_RADIUS, LARGEST_RADIUS = 1.0, 200.0
ELSEWHERE = "labels"

log = logging.getLogger(__name__)


class SlideLabels(QObject):
    """Shapes and classes of one slide, and the tool that changes them.

    Attributes:
        annotations: The shapes.
        classes: The classes.
        current: The value of the class that is drawn with; 0 while there is none.
        selected: The shape that is selected, by its number.
        tool: The tool in hand.
        radius: Radius of brush and eraser, in px of the screen.
        tolerance: How far colors may lie apart for the wand, in percent of their range.
        path: The file that keeps the labels; None while no slide is open.

    Signals:
        changed: Shapes, classes, selection or tool are others now.
        loaded: The labels of a slide are there.
    """

    changed = Signal()
    loaded = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.annotations = Annotations()
        self.classes = LabelClasses()
        self.current = 0
        self.selected: Number | None = None
        self.tool = Tool.MOVE
        self.radius = 12.0
        self.tolerance = 15
        self.path: Path | None = None
        self._slide = ""
        self._loading: Task | None = None
        # How often something was changed, and how often it had been when the file was written.
        self._edits = self._saved = 0
        self._writer = _Writer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)

    @property
    def ready(self) -> bool:
        """Whether a slide is open and its labels are there to be changed."""
        return self.path is not None and self._loading is None

    @property
    def locked(self) -> frozenset[int]:
        """The classes whose labels must stay."""
        return frozenset(each.value for each in self.classes if each.locked)

    def fixed(self, number: Number) -> bool:
        """Whether a shape must stay as it is: it is locked, or its class."""
        shape = self.annotations[number]
        return shape.locked or shape.value in self.locked

    @property
    def hidden(self) -> frozenset[int]:
        """The classes that are not shown."""
        return frozenset(each.value for each in self.classes if not each.visible)

    def look_at(self, slide: ImageSource | None) -> None:
        """Show the labels of another slide, or of none; those of the one before are saved first."""
        self.save_now()
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._put(Annotations(), LabelClasses(self.classes))
        self.path = None
        if slide is not None:
            self._slide = slide.name
            self.path = labels_beside(slide.path, SHAPES, user_folder(ELSEWHERE))
            if self.path.exists():
                self._loading = self._services.background.run(
                    read_geojson, self.path, then=self._take, failed=self._refuse
                )
        self.changed.emit()

    def take_tool(self, tool: Tool) -> None:
        """Take another tool in hand; one that draws needs a class, so that there is one."""
        self.tool = tool
        if tool not in (Tool.MOVE, Tool.SELECT, Tool.ERASER) and not self.current:
            self.choose(
                self.classes.named("Class 1").value
                if not len(self.classes)
                else next(iter(self.classes)).value
            )
        if tool is not Tool.SELECT:
            self.selected = None
        self.changed.emit()

    def choose(self, value: int) -> None:
        """Draw with another class from now on; a selected shape gets that class."""
        self.current = value
        if self.selected is not None and not self.fixed(self.selected):
            shape = self.annotations[self.selected]
            if shape.value != value:
                self.annotations.change(self.selected, replace(shape, value=value))
                self.edited()
        self.changed.emit()

    def choose_by_key(self, key: str) -> bool:
        """Choose the class of a digit; False where there is none."""
        found = next((each for each in self.classes if key and each.key == key), None)
        if found is not None:
            self.choose(found.value)
        return found is not None

    def select(self, number: Number | None) -> None:
        """Select a shape, or none."""
        self.selected = number
        self.changed.emit()

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
        self.annotations.history.add(change)
        self.edited()

    def change_class(self, value: int, **changes: object) -> None:
        """Change name, color, key, visibility or lock of a class; what cannot be is reported, and nothing changes."""
        try:
            self.classes.change(value, **changes)
        except SettingError as error:
            self._services.report(Problem(str(error)))
        self.edited()

    def remove_class(self, value: int) -> None:
        """Delete a class with its shapes; undo brings back the class, and then the shapes."""
        self.selected = None
        self.annotations.reassign(value, None)
        self.annotations.history.add(_Classes(self))
        self.classes.remove(value)
        self.edited()

    def remove_selected(self) -> None:
        """Delete the selected shape."""
        if self.selected is not None and not self.fixed(self.selected):
            self.annotations.remove(self.selected)
            self.selected = None
            self.edited()

    @Slot()
    def undo(self) -> None:
        """Undo the last edit."""
        self.selected = None
        if self.annotations.history.undo():
            self.edited()

    @Slot()
    def redo(self) -> None:
        """Make the edit again that was undone last."""
        self.selected = None
        if self.annotations.history.redo():
            self.edited()

    def edited(self) -> None:
        """Something was changed: it will be saved in a moment."""
        if self.current not in self.classes:
            self.current = next((each.value for each in self.classes), 0)
        self._edits += 1
        self._timer.start()
        self.changed.emit()

    def take_over(self, path: Path) -> None:
        """Add the shapes of a GeoJSON file to those that are there."""
        self._services.background.run(
            read_geojson,
            path,
            then=partial(self._add, path),
            failed=self._services.report,
        )

    def export(self, path: Path) -> None:
        """Write shapes and classes into a GeoJSON file."""
        shapes, classes = tuple(self.annotations), LabelClasses(self.classes)
        self._services.background.run(
            write_geojson, path, shapes, classes, then=_ignore, failed=self._services.report
        )

    @Slot()
    def save(self) -> None:
        """Write what changed, in a worker thread."""
        self._timer.stop()
        if self._saved != self._edits and self.path is not None:
            state = self.path, self._edits, tuple(self.annotations), LabelClasses(self.classes)
            self._services.background.run(
                self._writer.write,
                *state,
                then=partial(self._note_saved, *state[:2]),
                failed=self._say_not_saved,
            )

    def save_now(self) -> None:
        """Write what changed before anything else happens: the slide or the window is about to close."""
        self._timer.stop()
        if self._saved != self._edits and self.path is not None:
            try:
                self._writer.write(self.path, self._edits, tuple(self.annotations), self.classes)
                self._saved = self._edits
            except OSError as error:
                self._say_not_saved(Problem.from_error(error))

    def _put(self, annotations: Annotations, classes: LabelClasses) -> None:
        self.annotations, self.classes = annotations, classes
        self.selected, self._saved = None, self._edits
        if self.current not in classes:
            self.current = next((each.value for each in classes), 0)

    def _take(self, found: Imported) -> None:
        self._loading = None
        classes = found.classes
        for each in self.classes:
            classes.named(each.name)
        self._put(Annotations(found.shapes), classes)
        for warning in found.warnings:
            self._services.report(Problem(f"{self._slide}: {warning}"))
        self.loaded.emit()
        self.changed.emit()

    def _refuse(self, problem: Problem) -> None:
        """Labels that cannot be read stay as they are: nothing is drawn over them."""
        self._loading = None
        self.path = None
        self._services.report(problem)
        self.changed.emit()

    def _add(self, path: Path, found: Imported) -> None:
        names = set(self.classes.names)
        for each in found.classes:
            if each.name not in names:
                self.classes.add(each.name, each.color)
        values = {each.value: self.classes.named(each.name).value for each in found.classes}
        if found.shapes:
            self.annotations.add(
                *(replace(shape, value=values.get(shape.value, 0)) for shape in found.shapes)
            )
        log.info("Added %d shapes of %s", len(found.shapes), path)
        for warning in found.warnings:
            self._services.report(Problem(f"{path.name}: {warning}"))
        self.edited()

    def _note_saved(self, path: Path, edits: int, _: object) -> None:
        if path == self.path:
            self._saved = max(self._saved, edits)

    def _say_not_saved(self, problem: Problem) -> None:
        """What could not be saved is saved with the next change, or when the slide is closed."""
        where = f" to {self.path}" if self.path is not None else ""
        sentence = (
            f"The labels could not be saved{where}; make room there, or export them. {problem.sentence}"
        )
        self._services.report(Problem(sentence, problem.details))


class _Classes:
    """The classes as they were before an edit, and after undoing that as they were after it."""

    def __init__(self, labels: SlideLabels) -> None:
        self._labels = labels
        self._other = LabelClasses(labels.classes)

    def swap(self) -> None:
        """Put the other classes in place."""
        self._labels.classes, self._other = self._other, self._labels.classes


class _Writer:
    """Writes label files, whichever thread gets to it first: an older state never replaces a newer one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._written: dict[Path, int] = {}

    def write(self, path: Path, edits: int, shapes: tuple[Shape, ...], classes: LabelClasses) -> None:
        """Write the state after that many edits, unless a later one is in the file already."""
        with self._lock:
            if edits >= self._written.get(path, 0):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_geojson(path, shapes, classes)
                self._written[path] = edits


def _ignore(found: object) -> None:
    """Nothing is left to do."""
