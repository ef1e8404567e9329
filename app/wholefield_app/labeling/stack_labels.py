"""The labels of the open stack: voxels, loaded with it, changed by the tools, saved by themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Slot

from wholefield.labels import LabelClasses, VoxelLabels
from wholefield.labels.history import History
from wholefield.labels.interpolation import fill_between
from wholefield.labels.places import VOXELS, labels_beside
from wholefield.labels.voxel_import import ImportedVoxels, read_voxels
from wholefield.labels.voxel_store import VoxelStore, write_chunks
from wholefield.labels.voxels import Box, Key, Values
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.labeling.drawn_labels import ELSEWHERE, DrawnLabels
from wholefield_app.labeling.tools import STACK_TOOLS, Tool
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_resources.demo.once import user_folder

if TYPE_CHECKING:
    from wholefield.sources import StackSource

log = logging.getLogger(__name__)


class StackLabels(DrawnLabels):
    """Voxels and classes of one stack, and the tool that changes them.

    Attributes:
        voxels: The labels.
        limits: Only voxels of the stack between these two values are painted; None for all.
    """

    workspace = "stacks"
    noun = "stack"
    tools = STACK_TOOLS
    hint = (
        "Choose a tool and draw on any of the three planes; fill the slices between with Interpolate. Labels are saved "
        "beside the stack as OME-Zarr."
    )

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self.voxels = VoxelLabels((1, 1, 1))
        self.limits: tuple[float, float] | None = None
        self._stack = ""
        self._writer: _Writer | None = None
        self._geometry = StackGeometry()

    @property
    def history(self) -> History:
        """What can be undone."""
        return self.voxels.history

    @property
    def used(self) -> frozenset[int]:
        """The classes that have voxels."""
        return frozenset(self.voxels.counts())

    def describe(self, value: int) -> str:
        """How many voxels a class has, and their volume."""
        count, spacing = self.voxels.counts().get(value, 0), self._geometry.spacing
        text = f"{count:,} {'voxel' if count == 1 else 'voxels'}"
        if spacing is None or not self._geometry.unit:
            return text
        unit = {"um": "µm"}.get(self._geometry.unit, self._geometry.unit)
        return f"{text}, {count * float(np.prod(spacing)):,.4g} {unit}³"

    def look_at(self, stack: StackSource | None) -> None:
        """Show the labels of another stack, or of none; those of the one before are saved first."""
        place = None if stack is None else place_of(stack)
        if (
            place is not None
            and place == self.path
            and stack is not None
            and stack.shape == self.voxels.shape
        ):
            return
        self._begin()
        self._put(VoxelLabels(stack.shape if stack is not None else (1, 1, 1)), LabelClasses(self.classes))
        if stack is not None and place is not None:
            self._stack, self._geometry, self.path = stack.name, stack.geometry, place
            self._writer = _Writer(VoxelStore(place), stack.shape, stack.geometry)
            if place.exists():
                self._loading = self._services.background.run(
                    VoxelStore(place).load, stack.shape, then=self._take, failed=self._refuse
                )
        self.changed.emit()

    def paint(self, box: Box, mask: npt.NDArray[np.bool_]) -> None:
        """Paint or erase voxels of a box, as the tool in hand does."""
        before = self.voxels.revision
        if self.tool is Tool.ERASER:
            self.voxels.paint(box, mask, 0, self.kept)
        elif self.can_draw:
            self.voxels.paint(box, mask, self.current, self.kept)
        if self.voxels.revision != before:
            self.edited()

    def interpolate(self, axis: int, index: int) -> None:
        """Fill the slices between those that have the chosen class, next to a slice."""
        if not self.can_draw:
            return
        filled = fill_between(self.voxels, self.current, axis, index, self.kept)
        if filled:
            self.edited()
        else:
            name = self.classes[self.current].name
            sentence = (
                f"There is no gap in {name} here: draw it on two slices with others between them, and go to one of "
                "those."
            )
            self._services.report(Problem(sentence))

    def set_limits(self, limits: tuple[float, float] | None) -> None:
        """Paint only voxels of the stack between two values from now on; None for all."""
        self.limits = limits
        self.changed.emit()

    def drop_class(self, value: int) -> None:
        """Erase all voxels of a class."""
        self.voxels.reassign(value, 0)

    def take_over(self, path: Path) -> None:
        """Paint the labels of a file over those that are there."""
        self._services.background.run(
            read_voxels, path, self.voxels.shape,
            then=partial(self._add, path, self.voxels), failed=self._services.report,
        )  # fmt: skip

    @Slot()
    def save(self) -> None:
        """Write what changed, in a worker thread."""
        self._timer.stop()
        if self._unsaved and self._writer is not None and self.path is not None:
            writer = self._gathered(self._writer)
            self._services.background.run(
                writer.flush,
                then=partial(self._note_saved, self.path, self._edits),
                failed=self._say_not_saved,
            )

    def write(self) -> None:
        """Write what changed before returning.

        Raises:
            OSError: The folder cannot be written.
        """
        if self._writer is not None:
            self._gathered(self._writer).flush()

    def _gathered(self, writer: _Writer) -> _Writer:
        writer.put(self.voxels.take_unsaved(), LabelClasses(self.classes))
        return writer

    def _put(self, voxels: VoxelLabels, classes: LabelClasses) -> None:
        self.voxels, self.classes = voxels, classes
        self._saved = self._edits
        self._keep_current()

    def _take(self, found: tuple[VoxelLabels, LabelClasses]) -> None:
        self._loading = None
        voxels, classes = found
        for each in self.classes:
            classes.named(each.name)
        self._put(voxels, classes)
        self.loaded.emit()
        self.changed.emit()

    def _add(self, path: Path, voxels: VoxelLabels, found: ImportedVoxels) -> None:
        if voxels is not self.voxels:
            return
        voxels.add(found.labels, self.classes.join(found.classes), self.kept)
        log.info("Added the labels of %s", path)
        self.edited()


class _Writer:
    """Writes the chunks that changed, whichever thread gets to it first: an older state never replaces a newer one."""

    def __init__(self, store: VoxelStore, shape: tuple[int, int, int], geometry: StackGeometry) -> None:
        self._store, self._shape, self._geometry = store, shape, geometry
        self._classes = LabelClasses()
        self._waiting: dict[Key, Values | None] = {}
        self._change, self._writing = Lock(), Lock()

    def put(self, chunks: Mapping[Key, Values | None], classes: LabelClasses) -> None:
        """Chunks that are to be written, in place of those of before."""
        with self._change:
            self._waiting.update(chunks)
            self._classes = classes

    def flush(self) -> None:
        """Write what waits.

        Raises:
            OSError: The folder cannot be written; what waits is written the next time.
        """
        with self._writing:
            with self._change:
                chunks, self._waiting = self._waiting, {}
                classes = self._classes
            try:
                self._store.path.parent.mkdir(parents=True, exist_ok=True)
                write_chunks(self._store, self._shape, classes, chunks, self._geometry)
            except BaseException:
                with self._change:
                    self._waiting = {**chunks, **self._waiting}
                raise


def place_of(stack: StackSource) -> Path:
    """The folder of the labels of a stack; volumes of one file, and its times, have folders of their own."""
    volume = "" if stack.dataset is None else "." + stack.dataset.strip("/").replace("/", "-")
    time = f".t{stack.time}" if stack.times > 1 else ""
    return labels_beside(stack.path, f"{volume}{time}{VOXELS}", user_folder(ELSEWHERE))
