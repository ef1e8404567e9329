"""The labels of the open slide: loaded with it, changed by the tools, saved by themselves."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.labels import Annotations, Imported, LabelClasses, Shape, read_geojson, write_geojson
from wholefield.labels.annotations import Number
from wholefield.labels.history import History
from wholefield.labels.places import SHAPES, labels_beside
from wholefield_app.labeling.drawn_labels import ELSEWHERE, DrawnLabels
from wholefield_app.labeling.tools import SLIDE_TOOLS, Tool
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_resources.demo.once import user_folder

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

log = logging.getLogger(__name__)


class SlideLabels(DrawnLabels):
    """Shapes and classes of one slide, and the tool that changes them.

    Attributes:
        annotations: The shapes.
        selected: The shape that is selected, by its number.
        spacing: Size of a px of level 0 along (y, x) in µm, in which areas are told; None for px.
    """

    workspace = "slides"
    noun = "slide"
    tools = SLIDE_TOOLS
    hint = "Choose a tool and draw on the slide. Labels are saved beside it as GeoJSON, which QuPath opens."
    trainings = ("train_live", "train_on_labels")

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self.annotations = Annotations()
        self.selected: Number | None = None
        self.spacing: tuple[float, float] | None = None
        self._slide = ""
        self._writer = _Writer()

    @property
    def history(self) -> History:
        """What can be undone."""
        return self.annotations.history

    @property
    def used(self) -> frozenset[int]:
        """The classes that have shapes."""
        return frozenset(self.annotations.counts())

    def describe(self, value: int) -> str:
        """How many shapes a class has, and their area."""
        count = self.annotations.counts().get(value, 0)
        area = self._area(self.annotations.areas().get(value, 0.0))
        return f"{count:,} {'shape' if count == 1 else 'shapes'}, {area}"

    def fixed(self, number: Number) -> bool:
        """Whether a shape must stay as it is: it is locked, or its class."""
        shape = self.annotations[number]
        return shape.locked or shape.value in self.locked

    def look_at(self, slide: ImageSource | None) -> None:
        """Show the labels of another slide, or of none; those of the one before are saved first."""
        self._begin()
        self._put(Annotations(), LabelClasses(self.classes))
        self.spacing = slide.spacing if slide is not None else None
        if slide is not None:
            self._slide = slide.name
            self.path = labels_beside(slide.path, SHAPES, user_folder(ELSEWHERE))
            if self.path.exists():
                self._loading = self._services.background.run(
                    read_geojson, self.path, then=self._take, failed=self._refuse
                )
        self.changed.emit()

    def take_tool(self, tool: Tool) -> None:
        """Take another tool in hand."""
        if tool is not Tool.SELECT:
            self.selected = None
        super().take_tool(tool)

    def choose(self, value: int) -> None:
        """Draw with another class from now on; a selected shape gets that class."""
        self.current = value
        if self.selected is not None and not self.fixed(self.selected):
            shape = self.annotations[self.selected]
            if shape.value != value:
                self.annotations.change(self.selected, replace(shape, value=value))
                self.edited()
        self.changed.emit()

    def select(self, number: Number | None) -> None:
        """Select a shape, or none."""
        self.selected = number
        self.changed.emit()

    def drop_class(self, value: int) -> None:
        """Delete all shapes of a class."""
        self.selected = None
        self.annotations.reassign(value, None)

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
        super().undo()

    @Slot()
    def redo(self) -> None:
        """Make the edit again that was undone last."""
        self.selected = None
        super().redo()

    def take_over(self, path: Path) -> None:
        """Add the shapes of a GeoJSON file to those that are there."""
        self._services.background.run(
            read_geojson, path, then=partial(self._add, path), failed=self._services.report
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
            state = self.path, self._edits, tuple(self.annotations), LabelClasses(self.classes)
            self._services.background.run(
                self._writer.write,
                *state,
                then=partial(self._note_saved, *state[:2]),
                failed=self._say_not_saved,
            )

    def write(self) -> None:
        """Write what changed before returning.

        Raises:
            OSError: The file cannot be written.
        """
        if self.path is not None:
            self._writer.write(self.path, self._edits, tuple(self.annotations), self.classes)

    def _area(self, area: float) -> str:
        if self.spacing is None:
            return f"{area:,.0f} px"
        square = area * self.spacing[0] * self.spacing[1]
        return f"{square / 1e6:,.3f} mm²" if square >= 1e4 else f"{square:,.0f} µm²"

    def _put(self, annotations: Annotations, classes: LabelClasses) -> None:
        self.annotations, self.classes = annotations, classes
        self.selected, self._saved = None, self._edits
        self._keep_current()

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

    def _add(self, path: Path, found: Imported) -> None:
        values = self.classes.join(found.classes)
        if found.shapes:
            self.annotations.add(
                *(replace(shape, value=values.get(shape.value, 0)) for shape in found.shapes)
            )
        log.info("Added %d shapes of %s", len(found.shapes), path)
        for warning in found.warnings:
            self._services.report(Problem(f"{path.name}: {warning}"))
        self.edited()


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
