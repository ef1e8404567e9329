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
CLASSIC = ".tif"
FORMATS = {
    f"OME-TIFF with names and colors (*{IMAGE})": (IMAGE,),
    f"Outlines for QuPath (*{OUTLINES})": (OUTLINES,),
    f"Classic pyramid for OpenSlide (*{CLASSIC})": (CLASSIC,),
}

log = logging.getLogger(__name__)


def export_classes(found: "SegmentedSlide", path: Path, report: ReportFunction, control: Control) -> Written:
    """Write a segmentation; the suffix of the name decides what.

    Raises:
        SettingError: The name has another suffix, or the file cannot be written.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    from wholefield.export.pyramid import Layout
    from wholefield.tasks.slides.results.class_export import write_class_image, write_class_outlines

    def progress(done: int, total: int) -> None:
        control.poll()
        report(PartDone("Exporting classes", round(100 * done / total), 100))

    # The color of the first class is not seen anywhere.
    colors = found.colors or [(0, 0, 0), *map(class_color, range(1, len(found.classes)))]
    try:
        if path.name.lower().endswith(OUTLINES):
            count = write_class_outlines(path, found, progress, colors)
            log.info("%d outlines", count)
        elif path.name.lower().endswith((".tif", ".tiff")):
            ome = path.name.lower().endswith((".ome.tif", ".ome.tiff"))
            write_class_image(path, found, progress, colors, Layout.OME if ome else Layout.CLASSIC)
        else:
            raise SettingError(
                f"{path.name} does not end in {IMAGE} or {OUTLINES}; choose a name with one of these endings."
            )
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder or free disk space."
        ) from error
    return Written(path)
