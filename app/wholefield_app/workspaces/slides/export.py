"""Writes the class of every pixel of the open slide for other programs; in the thread of a run."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import PartDone, ReportFunction
from wholefield_app.document.export import Written
from wholefield_app.viewer.slides.classes import class_color

if TYPE_CHECKING:
    from wholefield.tasks.slides.results.class_map import SegmentedSlide

IMAGE = ".ome.tif"
OUTLINES = ".geojson"
FORMATS = {f"Pyramidal image (*{IMAGE})": (IMAGE,), f"Outlines for QuPath (*{OUTLINES})": (OUTLINES,)}

log = logging.getLogger(__name__)


def export_classes(found: "SegmentedSlide", path: Path, report: ReportFunction, control: Control) -> Written:
    """Write a segmentation; the suffix of the name decides what.

    Raises:
        SettingError: The name has another suffix, or the file cannot be written.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from wholefield.tasks.slides.results.class_export import write_class_image, write_class_outlines

    def progress(done: int, total: int) -> None:
        control.poll()
        report(PartDone("Exporting classes", round(100 * done / total), 100))

    try:
        if path.name.lower().endswith(OUTLINES):
            # The color of the first class is not seen anywhere.
            colors = [(0, 0, 0), *map(class_color, range(1, len(found.classes)))]
            count = write_class_outlines(path, found, progress, colors)
            log.info("%d outlines", count)
        elif path.name.lower().endswith((".tif", ".tiff")):
            write_class_image(path, found, progress)
        else:
            raise SettingError(
                f"{path.name} does not end in {IMAGE} or {OUTLINES}; choose a name with one of these endings."
            )
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder or free disk space."
        ) from error
    return Written(path)
