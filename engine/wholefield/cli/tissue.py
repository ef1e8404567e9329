"""`wholefield tissue`: where a slide shows tissue, as a mask or as outlines."""

import argparse
from pathlib import Path

import numpy as np

from wholefield.cli.exit_codes import OK
from wholefield.cli.terminal import add_report_options, show_result
from wholefield.errors import SettingError, SourceError
from wholefield.labels.tissue import MARGIN_PX, SMALLEST_PX, Tissue, find_tissue
from wholefield.sources.slides.image import ImageSource
from wholefield.tasks.reading import HELP

OUTLINES, MASKS = (".geojson",), (".tif", ".tiff")
NAMES = ("background", "Tissue")
COLOR = (0, 158, 115)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield tissue`."""
    parser.add_argument("slide", type=Path, help="The slide.")
    parser.add_argument(
        "output",
        type=Path,
        help="File to write: .tif for a mask of 0 and 1, .geojson for outlines that QuPath reads.",
    )
    parser.add_argument("--reading", help=HELP.format(what="the slide is"))
    parser.add_argument(
        "--smallest",
        type=int,
        default=SMALLEST_PX,
        metavar="PX",
        help=f"Objects and holes of fewer pixels of the mask do not count. Default: {SMALLEST_PX}.",
    )
    parser.add_argument(
        "--margin",
        type=int,
        default=MARGIN_PX,
        metavar="PX",
        help=f"By how many pixels of the mask tissue grows. Default: {MARGIN_PX}.",
    )
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def tissue(arguments: argparse.Namespace) -> int:
    """Find the tissue of a slide and write it.

    Raises:
        SettingError: The output exists or has another suffix, or a number is negative.
        SourceError: The slide cannot be read, or the output not be written.
    """
    from wholefield.sources import open_image

    output: Path = arguments.output
    if output.suffix.lower() not in (*OUTLINES, *MASKS):
        raise SettingError(f"{output} must end in .tif or .geojson; choose such a name.")
    if output.exists() and not arguments.replace:
        raise SettingError(f"{output} exists; choose another name or pass --replace.")
    if min(arguments.smallest, arguments.margin) < 0:
        raise SettingError("--smallest and --margin must not be negative.")
    with open_image(arguments.slide, reading=arguments.reading) as slide:
        found = find_tissue(slide, smallest=arguments.smallest, margin=arguments.margin)
        try:
            write_tissue(output, found, slide)
        except OSError as error:
            raise SourceError(f"{output} cannot be written ({error}); choose another folder.") from error
    show_result(arguments, output, f"{output}: {found.share:.1%} is tissue")
    return OK


def write_tissue(path: Path, found: Tissue, slide: ImageSource) -> None:
    """Write tissue as outlines in pixels of level 0, or as a pyramidal OME-TIFF of 0 and 1."""
    from wholefield.export.geojson import write_outlines
    from wholefield.export.pyramid import Layout, PyramidSettings, write_pyramid

    mask = found.mask.astype(np.uint8)
    height, width = mask.shape
    scale = slide.width / width, slide.height / height
    if path.suffix.lower() in OUTLINES:
        write_outlines(path, mask, NAMES, scale, [(0, 0, 0), COLOR])
        return
    spacing = slide.spacing and (slide.spacing[0] * scale[1], slide.spacing[1] * scale[0])
    write_pyramid(path, mask, spacing, PyramidSettings(layout=Layout.OME, labels=True))
