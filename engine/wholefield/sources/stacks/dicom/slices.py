"""The slices of one DICOM file: where each lies, when it was taken, and how its numbers are scaled.

Position and orientation of a plane are explained in DICOM PS3.3, section C.7.6.2.1.1; functional groups, which hold
them for files of many frames, in C.7.6.16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.datadict import keyword_for_tag

from wholefield.sources.dicom.layout import HeaderError

# What may tell apart two images of one place: tag, the sequence of its functional group, what people call it.
MOMENTS = (
    ("TemporalPositionIdentifier", "", "temporal position"),
    ("TemporalPositionIndex", "FrameContentSequence", "temporal position"),
    ("TriggerTime", "", "trigger time"),
    ("NominalCardiacTriggerDelayTime", "CardiacSynchronizationSequence", "trigger delay"),
    ("EchoTime", "", "echo time"),
    ("EffectiveEchoTime", "MREchoSequence", "echo time"),
    ("InversionTime", "", "inversion time"),
    ("FlipAngle", "", "flip angle"),
    ("DiffusionBValue", "MRDiffusionSequence", "b-value"),
    ("AcquisitionNumber", "", "acquisition number"),
    ("FrameReferenceDateTime", "FrameContentSequence", "time of the frame"),
    ("FrameAcquisitionDateTime", "FrameContentSequence", "time of the frame"),
    ("AcquisitionDateTime", "", "acquisition time"),
    ("AcquisitionTime", "", "acquisition time"),
    ("ContentTime", "", "content time"),
    ("InstanceNumber", "", "instance number"),
)
MOMENT_NAMES = tuple(label for _tag, _sequence, label in MOMENTS)
Moment = tuple[float | None, ...]
# Slope and intercept that leave stored values as they are.
SAME = (1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Slice:
    """One plane of a series.

    Attributes:
        path: Its file.
        frame: Its number in the file.
        number: Instance number, which counts where there is no position.
        position: (3,) center of the first pixel in mm, left, posterior, superior; None where the file does not say.
        orientation: (6,) directions of a row and of a column; None where the file does not say.
        pixel_spacing: mm between rows and between columns; None where the file does not say.
        thickness: mm; None where the file does not say.
        scale: Slope and intercept from stored values to values.
        location: mm along the stack, relative to any place; None where the file does not say.
        instance: UID of its file, empty where it has none.
        kind: What sort of image it is, such as "ORIGINAL PRIMARY M"; empty where the file does not say.
        stack: Identifier of its stack in a file that holds several.
        moments: One number for each of `MOMENTS`, None where the file does not say.
        segment: Number of its segment in a segmentation.
    """

    path: Path
    frame: int
    number: int
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    thickness: float | None
    scale: tuple[float, float]
    location: float | None = None
    instance: str = ""
    kind: str = ""
    stack: str = ""
    moments: Moment = field(default=(), repr=False)
    segment: int = 0


def slices_of(path: Path, dataset: Any, frames: int | None = None) -> list[Slice]:
    """The planes in one file; those of a multi-frame file come from its functional groups.

    Args:
        path: The file.
        dataset: Its header.
        frames: How many planes it holds, checked against its size; by the header where it is None.
    """
    count = int(dataset.get("NumberOfFrames") or 1) if frames is None else frames
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    each = dataset.get("PerFrameFunctionalGroupsSequence") or []
    find = _Finder(dataset, shared)
    if not each:
        first = _slice(path, 0, find)
        return [first] if count == 1 else _classic_frames(first, count, dataset)
    found = []
    for frame in range(count):
        find.enter(each[frame] if frame < len(each) else None)
        found.append(_slice(path, frame, find))
    return found


class _Finder:
    """Looks tags up: in a frame's own groups first, then in those that all share, then in the file."""

    def __init__(self, dataset: Any, shared: Any) -> None:
        self._dataset = dataset
        self._shared = _sequences(shared)
        self._own: dict[str, Any] = {}
        # What the frames have in common is looked up once, not for each of thousands.
        self._common: dict[tuple[str, str], Any] = {}

    def enter(self, own: Any) -> None:
        """Look at the groups of another frame."""
        self._own = _sequences(own)

    def __call__(self, name: str, sequence: str = "") -> Any:
        """The value of a tag in the first item of a sequence of a group, or in the file."""
        inner = self._own.get(sequence)
        value = None if inner is None else inner.get(name)
        if value is not None:
            return value
        key = name, sequence
        if key not in self._common:
            inner = self._shared.get(sequence)
            value = None if inner is None else inner.get(name)
            self._common[key] = self._dataset.get(name) if value is None else value
        return self._common[key]


def _sequences(group: Any) -> dict[str, Any]:
    """The first items of the sequences of a functional group, by their keywords."""
    if not group:
        return {}
    tags = group.keys()
    firsts = {_keyword(tag): _first(group[tag].value) for tag in tags if _keyword(tag)}
    return {name: item for name, item in firsts.items() if item is not None and hasattr(item, "get")}


@cache
def _keyword(tag: int) -> str:
    return keyword_for_tag(tag)


def _slice(path: Path, frame: int, look: _Finder) -> Slice:
    thickness = _numbers(look("SliceThickness", "PixelMeasuresSequence"), 1)
    location = _numbers(look("SliceLocation"), 1)
    number = _numbers(look("InstanceNumber"), 1) or (0.0,)
    kind = look("FrameType", "MRImageFrameTypeSequence") or look("ImageType") or ""
    segment = _numbers(look("ReferencedSegmentNumber", "SegmentIdentificationSequence"), 1)
    return Slice(
        path,
        frame,
        int(number[0]),
        _numbers(look("ImagePositionPatient", "PlanePositionSequence"), 3),
        _numbers(look("ImageOrientationPatient", "PlaneOrientationSequence"), 6),
        _numbers(look("PixelSpacing", "PixelMeasuresSequence"), 2),
        thickness[0] if thickness else None,
        _scale(look),
        location[0] if location else None,
        str(look("SOPInstanceUID") or ""),
        _words(kind),
        str(look("StackID", "FrameContentSequence") or ""),
        tuple(_moment(look(name, sequence)) for name, sequence, _label in MOMENTS),
        int(segment[0]) if segment else 0,
    )


def _words(value: Any) -> str:
    parts = [value] if isinstance(value, str) else list(value)
    return " ".join(filter(None, (str(part).strip() for part in parts)))


def _scale(look: _Finder) -> tuple[float, float]:
    slope = _factor(look, "RescaleSlope", "PixelValueTransformationSequence")
    if slope is None:
        slope = _factor(look, "DoseGridScaling")
    intercept = _factor(look, "RescaleIntercept", "PixelValueTransformationSequence")
    return 1.0 if slope is None else slope, intercept or 0.0


def _factor(look: _Finder, name: str, sequence: str = "") -> float | None:
    """A number that values depend on: one that cannot be read is not passed over.

    Raises:
        HeaderError: It is none.
    """
    value = look(name, sequence)
    if value is None or value == "":
        return None
    numbers = _numbers(value, 1)
    if numbers is None:
        raise HeaderError(f"its {name} is {value}")
    return numbers[0]


def _classic_frames(first: Slice, count: int, dataset: Any) -> list[Slice]:
    """Frames without functional groups: their one position is that of the first, unless offsets are given (a dose)."""
    offsets = dataset.get("GridFrameOffsetVector")
    if offsets is None or len(offsets) != count or first.position is None or first.orientation is None:
        return [replace(first, frame=frame, position=None, location=None) for frame in range(count)]
    normal = np.cross(first.orientation[:3], first.orientation[3:])
    places = [np.array(first.position) + normal * (float(offset) - float(offsets[0])) for offset in offsets]
    return [
        replace(first, frame=frame, position=tuple(map(float, place)), location=None)
        for frame, place in enumerate(places)
    ]


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _moment(value: Any) -> float | None:
    """A number, or seconds of a date and time such as 20240131235959.5, which needs no calendar to be compared."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        numbers = tuple(map(float, value if count > 1 else [value]))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(isfinite, numbers)) else None


def same_numbers(first: Sequence[float] | None, second: Sequence[float] | None, tolerance: float) -> bool:
    """Whether two vectors agree within a tolerance; None is only like None."""
    if first is None or second is None:
        return first is second
    return all(abs(a - b) <= tolerance for a, b in zip(first, second, strict=True))
