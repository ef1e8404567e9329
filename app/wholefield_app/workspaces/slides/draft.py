"""The draft of a training on slides, filled from the folder of slides that is open."""

from pathlib import Path

from PySide6.QtCore import QObject

from wholefield.tasks.registry import Data, tasks_of
from wholefield_app.forms.draft import Draft
from wholefield_app.workspaces.slides.project import SlideProject

CLASSIFY, SEGMENT = "classify", "segment"
# Of a training on drawn labels, until the user chooses others.
CROP_SIZE, CROPS = 256, 32
TILE_SIZE = 512


class SlidesDraft(Draft):
    """The settings of a training on slides."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(tasks_of(Data.SLIDES), parent)
        # Two threads of workers take turns with the window: tests/bench/bench_event_loop.py, p95 51 instead of 41 ms.
        self.set(workers=1)

    @property
    def workers(self) -> int | None:
        """Tiles computed at the same time; None where that is left to the program."""
        workers: int | None = self.value("workers")
        return workers

    @property
    def tiling(self) -> tuple[int, int]:
        """Tile size in px and level; a training from strokes has no tiles, but predictions with its model have."""
        return self.value("tile_size") or TILE_SIZE, self.value("level")

    def set_project(self, project: SlideProject) -> None:
        """Train on the slides of `project`; the task changes where it has nothing for the current one."""
        self.choose_runs(None)
        self.set(slides=project.slides, labels=project.labels, masks=project.masks, names=project.class_names)
        table = project.masks if self.task.name == SEGMENT else project.labels
        self.lie_beside(table or project.labels or project.masks)
        if table is None and (project.labels or project.masks):
            self.use_task(CLASSIFY if project.labels else SEGMENT)

    def train_on_masks(self, slides: Path, masks: Path) -> None:
        """Train a segmentation on a table of masks, in random squares: drawn labels cover little of a slide."""
        self.set(slides=slides, masks=masks, crop_size=CROP_SIZE, crops_per_slide=CROPS)
        self.lie_beside(masks)
        self.use_task(SEGMENT)
