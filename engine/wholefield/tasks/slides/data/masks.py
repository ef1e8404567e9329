"""The mask table of a segment run, and masks as class indices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.labels import Split
from wholefield.tasks.slides.data.tables import file_of, read_records, region_of

IGNORED = -100
"""Class index of pixels that count for nothing."""

Classes = NDArray[np.int64]


@dataclass(frozen=True)
class MaskedSlide:
    """One row of the mask table.

    Attributes:
        path: the slide file.
        mask: an image of the same size whose gray values are labels.
        region: the part of the slide to use; None for all of it.
    """

    path: Path
    mask: Path
    region: Rect[int] | None = None


@dataclass(frozen=True)
class Labels:
    """What the gray values of a mask mean.

    Attributes:
        foreground: take every value above 0 as class 1, as in masks that number single objects.
        ignore: value of pixels that count for nothing; None where there is none.
    """

    foreground: bool = False
    ignore: int | None = None

    def classes(self, values: NDArray[np.integer]) -> Classes:
        """Class index of every pixel, `IGNORED` where the value is the one to ignore."""
        found: Classes = values.astype(np.int64)
        ignored = np.zeros(found.shape, bool) if self.ignore is None else found == self.ignore
        if self.foreground:
            found = (found > 0).astype(np.int64)
        found[ignored] = IGNORED
        return found


def read_masks(table: Path, slides: Path) -> tuple[MaskedSlide, ...]:
    """Read a mask table: a CSV with the columns file and mask, and optionally x, y, width and height.

    Args:
        table: the CSV file.
        slides: the folder that both file names are relative to.

    Raises:
        SettingError: names the file, the line and what is wrong with it.
    """
    rows: list[MaskedSlide] = []
    for line, record in read_records(table, ("file", "mask")):
        place = f"{table}, line {line}"
        slide, mask = (file_of(record, column, slides, place) for column in ("file", "mask"))
        rows.append(MaskedSlide(slide, mask, region_of(record, place)))
    if len(rows) < 2:
        raise SettingError(
            f"The mask table {table} needs two rows at least, one to train and one to validate; add some. "
            "With the columns x, y, width and height, one slide can have several rows."
        )
    return tuple(rows)


def split_rows(slides: Sequence[Path], fraction: float, seed: int) -> Split:
    """Divide rows at random, so that all rows of a slide land on one side; both sides hold one at least.

    Only where all rows are of one slide the rows themselves are divided.

    Args:
        slides: the slide of every row.
        fraction: share of the slides for validation, rounded.
        seed: seed of the draw.
    """
    names = sorted(set(slides))
    units = [names.index(slide) for slide in slides] if len(names) > 1 else list(range(len(slides)))
    count = max(units) + 1
    held_out = min(max(round(count * fraction), 1), count - 1)
    validation = set(np.random.default_rng(seed).permutation(count)[:held_out].tolist())
    rows = range(len(slides))
    return Split(
        tuple(row for row in rows if units[row] not in validation),
        tuple(row for row in rows if units[row] in validation),
    )


def read_classes(
    mask: ImageSource, image: ImageSource, level: int, area: Rect[int], labels: Labels
) -> Classes:
    """The classes (h, w) of an area of a level of the image.

    Raises:
        SourceError: the mask cannot be read.
        SettingError: the mask has no level of that size, or is no image of labels.
    """
    size = image.levels[level]
    if mask.channels != 1 or mask.dtype.kind not in "iub":
        raise SettingError(f"The mask {mask.path} must have one channel of whole numbers; choose another.")
    for index, one in enumerate(mask.levels):
        if (one.width, one.height) == (size.width, size.height):
            return labels.classes(mask.read_region(index, *area)[..., 0])
    raise SettingError(
        f"The mask {mask.path} is {mask.width} x {mask.height} and has no level of {size.width} x {size.height} "
        f"pixels as {image.name} has; choose a mask that fits."
    )
