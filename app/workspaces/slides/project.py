"""A folder of slides with their labels, as the slides panel lists it."""

from dataclasses import dataclass
from pathlib import Path

from engine.errors import SettingError, SourceError
from engine.runs.labels import LabelTable, read_labels

LABELS = "labels.csv"
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
        labels: The label file, or None where there is none.
        entries: The slides in the order of their names.
        warning: Why the label file could not be used, or empty.
    """

    slides: Path
    labels: Path | None
    entries: tuple[SlideEntry, ...]
    warning: str = ""

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
        return (self.labels.parent if self.labels is not None else self.slides) / RUNS


def read_project(folder: Path, labels: Path | None = None) -> SlideProject:
    """List the slides of `folder` and read their labels.

    The slides lie in `folder` or in a folder "slides" in it; the label file is `labels`, or "labels.csv" in
    `folder` or beside it.

    Raises:
        SourceError: There is no slide.
    """
    slides = folder / SLIDES if (folder / SLIDES).is_dir() else folder
    paths = find_slides(slides)
    if not paths:
        raise SourceError(f"{slides} holds no slides; open another folder, or open a slide by itself.")
    if labels is None:
        labels = next((path for path in (folder / LABELS, slides.parent / LABELS) if path.is_file()), None)
    if labels is None:
        return SlideProject(slides, None, tuple(map(SlideEntry, paths)))
    try:
        names = _labels_by_path(read_labels(labels, slides))
        return SlideProject(slides, labels, tuple(SlideEntry(path, names.get(path, ())) for path in paths))
    except SettingError as error:
        return SlideProject(slides, labels, tuple(map(SlideEntry, paths)), str(error))


def is_project(path: Path) -> bool:
    """Whether a path is a folder with a label file or a folder "slides" in it."""
    return (path / LABELS).is_file() or (path / SLIDES).is_dir()


def find_slides(folder: Path) -> list[Path]:
    """Files and folders directly in `folder` whose names say that they are images, by name."""
    from engine.sources import SLIDE_SUFFIXES

    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SLIDE_SUFFIXES and not path.name.startswith(".")
    )


def _labels_by_path(table: LabelTable) -> dict[Path, tuple[str, ...]]:
    found: dict[Path, tuple[str, ...]] = {}
    for row in table.rows:
        known = found.get(row.path, ())
        found[row.path] = known if row.label in known else (*known, row.label)
    return found
