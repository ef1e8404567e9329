"""The mask table of a segment run: which image of labels belongs to which slide. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.labels.shape_masks import drawn_classes, is_drawn
from wholefield.tasks.slides.labels.tables import Folders, read_table, region_of


@dataclass(frozen=True)
class MaskedSlide:
    """One row of the mask table.

    Attributes:
        path: The slide file.
        mask: An image of the same size whose gray values are labels, or a GeoJSON file of shapes.
        region: The part of the slide to use; None for all of it.
        classes: What the classes of shapes are called, in the order of their values; empty for images.
    """

    path: Path
    mask: Path
    region: Rect[int] | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaskTable:
    """The rows of a mask table.

    Attributes:
        rows: In the order of the file.
        notes: What to say of it, as sentences.
    """

    rows: tuple[MaskedSlide, ...]
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes of shapes are called, in the order of their values; empty for images of labels."""
        return self.rows[0].classes


def read_masks(table: Path, slides: Path) -> MaskTable:
    """Read a mask table: a text table with the columns file and mask, and optionally x, y, width and height.

    Masks are images of labels, or all of them GeoJSON files of shapes; a class has one value in all of these.

    Args:
        table: The file.
        slides: The folder that file names are relative to; those that are not there are looked for beside the table.

    Returns:
        Its rows.

    Raises:
        SettingError: Names the file, the line and what is wrong with it.
        SourceError: A file of shapes cannot be read.
    """
    read, folders = read_table(table, ("file", "mask")), Folders(slides, table)
    rows: list[MaskedSlide] = []
    notes = list(read.notes)
    seen: dict[tuple[Path, Path, Rect[int] | None], int] = {}
    for line, record in read.records:
        place = f"{table}, line {line}"
        slide, said = folders.file_of(record, "file", place)
        mask, more = folders.file_of(record, "mask", place, other_than=slide)
        rows.append(MaskedSlide(slide, mask, region_of(record, place)))
        notes += [*said, *more]
        if mask.resolve() == slide.resolve():
            raise SettingError(f"{place}: {slide.name} is named as its own mask; name an image of labels.")
        earlier = seen.setdefault((slide.resolve(), mask.resolve(), rows[-1].region), line)
        if earlier != line:
            raise SettingError(f"{place}: {slide.name} is also listed in line {earlier}; keep one.")
    if len(rows) < 2:
        raise SettingError(
            f"The mask table {table} needs two rows at least, one to train and one to validate; add some. "
            "With the columns x, y, width and height, one slide can have several rows."
        )
    return MaskTable(_with_classes(rows, table), tuple(dict.fromkeys(notes)))


def _with_classes(rows: Sequence[MaskedSlide], table: Path) -> tuple[MaskedSlide, ...]:
    """The rows with the classes of their shapes, where their masks are shapes."""
    drawn = [row for row in rows if is_drawn(row.mask)]
    if not drawn:
        return tuple(rows)
    if len(drawn) < len(rows):
        image = next(row for row in rows if not is_drawn(row.mask))
        raise SettingError(
            f"The mask table {table} names shapes ({drawn[0].mask.name}) and images ({image.mask.name}), whose classes "
            "do not go together; use one kind."
        )
    names = drawn_classes(row.mask for row in rows)
    return tuple(replace(row, classes=names) for row in rows)
