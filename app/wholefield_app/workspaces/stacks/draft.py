"""The draft of a training on stacks, filled from the stacks that are open."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wholefield.tasks.registry import Data, tasks_of
from wholefield_app.forms.draft import Draft
from wholefield_app.workspaces.stacks.opening import OpenStack

if TYPE_CHECKING:
    from wholefield.tasks.stacks.data.drawn import DrawnTraining

REGRESSION, SEGMENTATION, NOISE2INVERSE = "stack-regression", "stack-segmentation", "noise2inverse"


class StacksDraft(Draft):
    """The settings of a training on stacks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(tasks_of(Data.STACKS), parent)
        self._labeled: Path | None = None

    @property
    def missing(self) -> str:
        """A sentence on what is still to be chosen; empty when every setting that must be given is."""
        if self.task.name == NOISE2INVERSE and not (
            self.value("projections") or self.value("reconstructions")
        ):
            return "Still required: projections."
        return super().missing

    def set_pair(self, stack: OpenStack | None, target: OpenStack | None) -> None:
        """Train on the stacks that are open; a target of labels is segmented."""
        opened = {
            name: (each.source.path, each.source.dataset, each.reading_setting)
            if each is not None
            else (None, None, None)
            for name, each in (("stack", stack), ("target", target))
        }
        self.set(
            stack=opened["stack"][0],
            dataset=opened["stack"][1],
            target=opened["target"][0],
            target_dataset=opened["target"][1],
            reading=opened["stack"][2],
            target_reading=opened["target"][2],
        )
        self.lie_beside(opened["stack"][0])
        if target is None:
            return
        if target.source.path != self._labeled:
            self._labeled = target.source.path
            self.set(label_values=None, ignore_label=None)
        if self.task.name != NOISE2INVERSE:
            self.use_task(SEGMENTATION if target.facts.labels else REGRESSION)

    def train_on_labels(self, labels: Path, training: "DrawnTraining") -> None:
        """Train a segmentation on labels that were drawn on the open stack; voxels without one count for nothing."""
        self.set(
            target=labels,
            target_dataset=None,
            target_reading=None,
            label_values=training.label_values,
            ignore_label=training.ignore_label,
            validation_slices=training.validation_slices,
            validation_fraction=0.0
            if training.validation_slices is None
            else self.value("validation_fraction"),
        )
        self._labeled = labels
        self.use_task(SEGMENTATION)

    def set_scan(self, path: Path) -> None:
        """Denoise a scan by itself."""
        self.set(projections=path)
        self.lie_beside(path)
        self.use_task(NOISE2INVERSE)
