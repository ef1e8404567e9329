"""Opens DICOM: a folder, a file with the others of its volume, or what a DICOMDIR lists; and what can be chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.stacks.answers import COMMON, answered, common_questions
from wholefield.sources.stacks.dicom.files import (
    MOST_FILES,
    files_below,
    files_of_directory,
    is_directory_file,
    read_headers,
)
from wholefield.sources.stacks.dicom.headers import DicomFile, read_header
from wholefield.sources.stacks.dicom.segmentation import MODALITY, DicomSegmentation, segmentation_of
from wholefield.sources.stacks.dicom.stack import MOMENT_KEY, DicomStack, stack_of
from wholefield.sources.stacks.dicom.volumes import Volume, volumes_of
from wholefield.sources.stacks.dicom.warnings import (
    NAMES,
    listed_modalities,
    missing_told,
    others_told,
    unread_told,
    without_images_told,
)

NOTHING = Reading()


@dataclass(frozen=True)
class _Found:
    """The volumes at a path, the likeliest first, and what was left out of them."""

    volumes: list[Volume]
    told: list[str]


def open_dicom(path: Path, reading: Reading = NOTHING) -> DicomStack | DicomSegmentation:
    """Open the volume that a file belongs to, or one of those in a folder.

    Args:
        path: A DICOM file, a DICOMDIR, or a folder, with folders in it.
        reading: `series`, one of the answers of `dicom_questions`, without which the largest is opened, and what every
            stack can be told.

    Returns:
        The open stack; its warnings name what was left out.

    Raises:
        SourceError: There is no volume, or it cannot be shown; the text says why.
    """
    reading.only(path, "series", *COMMON)
    found = _found(path)
    volume = _chosen(path, found.volumes, reading.get("series"))
    told = [*others_told(path, found.volumes, volume), *found.told]
    return answered(_open(path, volume, told), reading)


def dicom_questions(path: Path, reading: Reading = NOTHING) -> tuple[Question, ...]:
    """Which series is opened, where there are several, and what can be chosen of it.

    Args:
        path: As for `open_dicom`.
        reading: What has been answered already.

    Raises:
        SourceError: There is no volume, or it cannot be shown.
    """
    found = _found(path)
    volume = _chosen(path, found.volumes, reading.get("series"))
    with _open(path, volume, []) as stack:
        more = tuple(_with_moment(question, stack.metadata) for question in common_questions(stack))
    if len(found.volumes) < 2:
        return more
    answers = tuple(Answer(each.name, each.label) for each in found.volumes)
    series = Question(
        "series",
        "Series",
        answers,
        volume.name,
        "Which of the series in the folder, or of its parts, is opened.",
    )
    return (series, *more)


def _with_moment(question: Question, metadata: Mapping[str, str]) -> Question:
    """The question of time says what tells the times apart."""
    moment = metadata.get(MOMENT_KEY)
    if question.name != "time" or not moment:
        return question
    return replace(question, help=f"{question.help} They differ by {moment}.")


def _open(path: Path, volume: Volume, told: list[str]) -> DicomStack | DicomSegmentation:
    if volume.first.modality == MODALITY:
        return segmentation_of(path, volume, told)
    return stack_of(path, volume, told)


def _found(path: Path) -> _Found:
    if path.is_dir():
        paths, complete = files_below(path)
        told = [] if complete else [f"Only the first {MOST_FILES:,} files below {path.name} were looked at."]
    elif is_directory_file(path):
        paths, missing = files_of_directory(path)
        told = missing_told(path, missing)
    else:
        return _found_beside(path)
    files, refused, reason = read_headers(paths)
    volumes = volumes_of(files)
    if not volumes:
        raise _nothing(path, files, refused, reason)
    return _Found(volumes, [*told, *unread_told(refused, reason), *without_images_told(files)])


def _found_beside(path: Path) -> _Found:
    """The volume of a file, with others of its folder that belong to it; a part of other volumes comes behind."""
    own = read_header(path)
    if not own.slices:
        raise _nothing(path, [own], [], "")
    if own.modality == MODALITY or own.slices[-1].frame:
        # A file of many frames is complete.
        return _Found(volumes_of([own]), [])
    paths, _complete = files_below(path.parent, nested=False)
    files, refused, reason = read_headers(paths)
    series = [file for file in files if file.series == own.series]
    volumes = volumes_of(series)
    volumes.sort(key=_Without(path))
    return _Found(volumes, unread_told(refused, reason))


class _Without:
    """Sorts volumes that hold a file before those that do not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, volume: Volume) -> bool:
        return all(file.path != self._path for file in volume.files)


def _chosen(path: Path, volumes: Sequence[Volume], series: str | None) -> Volume:
    if series is None:
        return volumes[0]
    exact = [volume for volume in volumes if volume.name == series]
    named = exact or [volume for volume in volumes if volume.first.texts.get("SeriesDescription") == series]
    if len(named) == 1:
        return named[0]
    known = "; ".join(f"{volume.name} ({volume.label})" for volume in volumes[:6])
    if named:
        raise SourceError(
            f"{path} holds {len(named)} series called {series}; choose one by its UID: {known}."
        )
    raise SourceError(f"{path} holds no series {series}; it has {known}.")


def _nothing(path: Path, files: Sequence[DicomFile], refused: Sequence[Path], reason: str) -> SourceError:
    if refused:
        more = "" if len(refused) == 1 else f" ({len(refused) - 1} more files cannot be read either.)"
        return SourceError(reason + more)
    if not files:
        return SourceError(
            f"{path} has no DICOM images that can be read; choose the folder of a CT or MR scan."
        )
    counts = Counter(file.modality for file in files)
    if len(files) == 1:
        what = NAMES.get(files[0].modality, f"an object of modality {files[0].modality or 'unknown'}")
        return SourceError(
            f"{path} is DICOM without an image of a stack ({what}); open the images it belongs to."
        )
    return SourceError(f"{path} holds DICOM files, but no images of a stack: {listed_modalities(counts)}.")
