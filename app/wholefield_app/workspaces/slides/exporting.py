"""Writes the class of every pixel of the open slide for other programs, in a session of its own."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import PartDone, ReportFunction
from wholefield_app.runs import RunSession
from wholefield_app.viewer.classes import class_color

if TYPE_CHECKING:
    from wholefield.tasks.slides.class_map import SegmentedSlide

IMAGE = ".ome.tif"
OUTLINES = ".geojson"
FILTERS = {f"Pyramidal image (*{IMAGE})": IMAGE, f"Outlines for QuPath (*{OUTLINES})": OUTLINES}

log = logging.getLogger(__name__)


class ClassExport(QObject):
    """One export at a time.

    Attributes:
        session: The run.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = RunSession(worth_keeping=False, parent=self)
        self.session.ended.connect(self._tell)

    def start(self, found: "SegmentedSlide", path: Path) -> None:
        """Begin to write; the ending of the name decides what."""
        self.session.start(partial(export_classes, found, path))

    @Slot(object)
    def _tell(self, path: Path | None) -> None:
        if path is not None:
            log.info("Exported %s", path)


def export_classes(found: "SegmentedSlide", path: Path, report: ReportFunction, control: Control) -> Path:
    """Write a segmentation; called in the run's thread.

    Raises:
        SettingError: The name has another ending, or the file cannot be written.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from wholefield.tasks.slides.class_export import write_class_image, write_class_outlines

    def progress(done: int, total: int) -> None:
        control.poll()
        report(PartDone("Exporting classes", round(100 * done / total), 100))

    try:
        if path.name.lower().endswith(OUTLINES):
            # The colour of the first class is not seen anywhere.
            colours = [(0, 0, 0), *map(class_color, range(1, len(found.classes)))]
            count = write_class_outlines(path, found, progress, colours)
            log.info("%d outlines", count)
        elif path.name.lower().endswith((".tif", ".tiff")):
            write_class_image(path, found, progress)
        else:
            raise SettingError(
                f"{path.name} does not end in {IMAGE} or {OUTLINES}; give the file such a name."
            )
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder, or make room."
        ) from error
    return path
