"""A folder of slides with their labels and masks, as the slides panel lists it."""

import os
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError, SourceError
from wholefield.tasks.slides.labels import LabelTable, read_labels

LABELS = "labels.csv"
MASKS = "masks.csv"
SLIDES = "slides"
RUNS = "runs"


@dataclass(frozen=True)
class SlideEntry:
    """One slide of a project; `labels` holds its class, several where regions of it have their own."""

    path: Path
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SlideProject:
    """A folder of slides.

    Attributes:
        slides: The folder that holds the slides.
        labels: The label file, or None if there is none.
        entries: The slides in the order of their names.
        warning: Why the label file could not be used, or what else is to be said of it, or empty.
        masks: The table of masks, or None if there is none.
        class_names: What the labels of the masks mean, with commas between, or empty.
    """

    slides: Path
    labels: Path | None
    entries: tuple[SlideEntry, ...]
    warning: str = ""
    masks: Path | None = None
    class_names: str = ""

    @property
    def folder(self) -> Path:
        """The folder of the project: the one that holds the folder "slides", where there is one."""
        return self.slides.parent if self.slides.name == SLIDES else self.slides

    @property
    def name(self) -> str:
        """What the project is called."""
        return self.folder.name

    @property
    def runs(self) -> Path:
        """Where runs on this project go unless the user says otherwise."""
        table = self.labels or self.masks
        return (table.parent if table is not None else self.slides) / RUNS


def read_project(folder: Path, labels: Path | None = None) -> SlideProject:
    """List the slides of `folder` and read their labels.

    The slides lie in `folder` or in a folder "slides" in it; the label file is `labels`, or "labels.csv" in
    `folder` or beside it. Likewise "masks.csv" is the table of masks.

    Raises:
        SourceError: There is no slide.
    """
    slides = folder / SLIDES if (folder / SLIDES).is_dir() else folder
    paths = find_slides(slides)
    if not paths:
        raise SourceError(f"{slides} holds no slides; open another folder or a single slide.")
    labels, masks = labels or _table(LABELS, folder, slides), _table(MASKS, folder, slides)
    names: dict[Path, tuple[str, ...]] = {}
    warning = ""
    if labels is not None:
        try:
            table = read_labels(labels, slides)
            names, warning = _labels_by_path(table), " ".join(table.notes)
        except SettingError as error:
            warning = str(error)
    entries = tuple(SlideEntry(path, names.get(path, ())) for path in paths)
    return SlideProject(slides, labels, entries, warning, masks)


def is_project(path: Path) -> bool:
    """Whether a path is a folder with a label file, a table of masks or a folder "slides" in it."""
    return (path / LABELS).is_file() or (path / MASKS).is_file() or (path / SLIDES).is_dir()


def find_slides(folder: Path) -> list[Path]:
    """Files and folders directly in `folder` whose names say that they are images, by name."""
    from wholefield.sources import Kind, suffixes_of

    known = suffixes_of(Kind.IMAGE)
    names = sorted(
        name for name in os.listdir(folder) if name.lower().endswith(known) and not name.startswith(".")
    )
    return [folder / name for name in names]


def _table(name: str, folder: Path, slides: Path) -> Path | None:
    """A table in the folder of a project or beside its slides."""
    return next((path for path in (folder / name, slides.parent / name) if path.is_file()), None)


def _labels_by_path(table: LabelTable) -> dict[Path, tuple[str, ...]]:
    found: dict[Path, tuple[str, ...]] = {}
    for row in table.rows:
        known = found.get(row.path, ())
        found[row.path] = known if row.label in known else (*known, row.label)
    return found
