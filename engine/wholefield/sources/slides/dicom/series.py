"""The files of a DICOM slide: those beside it that belong to the same series, sorted by what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wholefield.sources.reading import unreadable
from wholefield.sources.signatures import dicom_tags

VOLUME, LABEL, OVERVIEW, THUMBNAIL = "VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"
NAMES = {LABEL: "label", OVERVIEW: "macro", THUMBNAIL: "thumbnail"}
SEGMENTATION = "SEG"
TAGS = [
    "SeriesInstanceUID", "SOPInstanceUID", "Modality", "ImageType", "TotalPixelMatrixColumns", "TotalPixelMatrixRows",
    "Rows", "Columns", "PyramidUID", "ConcatenationUID",
]  # fmt: skip
# Beside a slide lie its levels, and not thousands of other files; those that are not looked at are told.
MOST_FILES = 2000


@dataclass(frozen=True)
class Instance:
    """A file of a series.

    Attributes:
        path: The file.
        identity: Its unique number; a copy has the same.
        flavor: VOLUME, LABEL, OVERVIEW or THUMBNAIL.
        pyramid: Unique number of the pyramid that a level belongs to; empty where files do not say.
        concatenation: Unique number of the whole of which the file is a part; empty where it is whole.
        width: Columns of the whole picture.
        height: Rows of the whole picture.
    """

    path: Path
    identity: str
    flavor: str
    pyramid: str
    concatenation: str
    width: int
    height: int


def instances_of(path: Path) -> tuple[list[Instance], tuple[str, ...]]:
    """The files of the series that a file belongs to, largest first, each once; and what was left out.

    Raises:
        SourceError: The file itself cannot be read.
    """
    own = dicom_tags(path, *TAGS)
    if not own:
        raise unreadable(path, "a DICOM slide", "its header is damaged")
    series, modality = str(own.get("SeriesInstanceUID", "")), str(own.get("Modality", ""))
    found = {str(own.get("SOPInstanceUID", path)): _instance(path, own)}
    names = sorted(other for other in path.parent.iterdir() if other != path and _may_be_dicom(other))
    told = (
        [f"Only the first {MOST_FILES} files beside {path.name} were looked at."]
        if len(names) > MOST_FILES
        else []
    )
    for other in names[:MOST_FILES]:
        tags = dicom_tags(other, *TAGS)
        if not series or str(tags.get("SeriesInstanceUID", "")) != series:
            continue
        if str(tags.get("Modality", "")) == modality:
            found.setdefault(str(tags.get("SOPInstanceUID", other)), _instance(other, tags))
    own_pyramid = str(own.get("PyramidUID", ""))
    others = [i for i in found.values() if i.flavor == VOLUME and i.pyramid and i.pyramid != own_pyramid]
    if own_pyramid and others:
        told.append(f"{path.name} lies beside {len(others)} files of another pyramid, which are left out.")
        found = {key: instance for key, instance in found.items() if instance not in others}
    return sorted(found.values(), key=lambda instance: (-instance.width, str(instance.path))), tuple(told)


def _may_be_dicom(path: Path) -> bool:
    return (
        path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() in ("", ".dcm", ".dicom", ".ima")
    )


def _instance(path: Path, tags: Any) -> Instance:
    kinds = [str(word).upper() for word in tags.get("ImageType", [])]
    flavor = next((word for word in kinds if word in (VOLUME, *NAMES)), VOLUME)
    width = int(tags.get("TotalPixelMatrixColumns", 0) or tags.get("Columns", 0) or 0)
    height = int(tags.get("TotalPixelMatrixRows", 0) or tags.get("Rows", 0) or 0)
    return Instance(
        path,
        str(tags.get("SOPInstanceUID", path)),
        flavor,
        str(tags.get("PyramidUID", "")),
        str(tags.get("ConcatenationUID", "")),
        width,
        height,
    )


def parts_with(instance: Instance, instances: list[Instance]) -> list[Instance]:
    """An instance and the other parts of its concatenation."""
    whole = instance.concatenation
    return [other for other in instances if other == instance or (whole and other.concatenation == whole)]


def by_size(instances: list[Instance]) -> Iterator[list[Instance]]:
    """Files of one level together, largest level first."""
    sizes: dict[tuple[int, int], list[Instance]] = {}
    for instance in instances:
        sizes.setdefault((instance.width, instance.height), []).append(instance)
    yield from sizes.values()
