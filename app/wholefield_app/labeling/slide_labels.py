"""The labels of the open slide: loaded with it, changed by the tools, saved by themselves."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
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
        self._unsaved = False
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
        if self.selected is not None:
            shape = self.annotations[self.selected]
            if shape.value != value and not shape.locked:
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
        self.current = self.classes.add(name).value
        self.edited()

    def change_class(self, value: int, **changes: object) -> None:
        """Change name, color, key, visibility or lock of a class; what cannot be is reported, and nothing changes."""
        try:
            self.classes.change(value, **changes)
        except SettingError as error:
            self._services.report(Problem(str(error)))
        self.edited()

    def remove_class(self, value: int) -> None:
        """Delete a class with its shapes; undo brings the shapes back, without a class."""
        self.selected = None
        self.annotations.reassign(value, None)
        self.annotations.history.clear()
        self.classes.remove(value)
        if self.current == value:
            self.current = next((each.value for each in self.classes), 0)
        self.edited()

    def remove_selected(self) -> None:
        """Delete the selected shape."""
        if self.selected is not None and not self.annotations[self.selected].locked:
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
        self._unsaved = True
        self._timer.start()
        self.changed.emit()

    def take_over(self, path: Path) -> None:
        """Add the shapes of a GeoJSON file to those that are there."""
        self._services.background.run(
            read_geojson,
            path,
            LabelClasses(self.classes),
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
        if self._unsaved and self.path is not None:
            self._unsaved = False
            self._services.background.run(
                _write,
                self.path,
                tuple(self.annotations),
                LabelClasses(self.classes),
                then=_ignore,
                failed=self._keep,
            )

    def save_now(self) -> None:
        """Write what changed before anything else happens: the slide or the window is about to close."""
        self._timer.stop()
        if self._unsaved and self.path is not None:
            self._unsaved = False
            try:
                _write(self.path, tuple(self.annotations), self.classes)
            except OSError as error:
                self._services.report(_not_saved(self.path, str(error)))

    def _put(self, annotations: Annotations, classes: LabelClasses) -> None:
        self.annotations, self.classes = annotations, classes
        self.selected, self._unsaved = None, False
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
        self.classes = found.classes
        if found.shapes:
            self.annotations.add(*found.shapes)
        log.info("Added %d shapes of %s", len(found.shapes), path)
        for warning in found.warnings:
            self._services.report(Problem(f"{path.name}: {warning}"))
        self.current = self.current or next((each.value for each in self.classes), 0)
        self.edited()

    def _keep(self, problem: Problem) -> None:
        self._unsaved = True
        if self.path is not None:
            self._services.report(_not_saved(self.path, problem.sentence))


def _write(path: Path, shapes: tuple[Shape, ...], classes: LabelClasses) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_geojson(path, shapes, classes)


def _not_saved(path: Path, reason: str) -> Problem:
    return Problem(f"The labels could not be saved to {path} ({reason}); make room there, or export them.")


def _ignore(found: object) -> None:
    """Nothing is left to do."""
