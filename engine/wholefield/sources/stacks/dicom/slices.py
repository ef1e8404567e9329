"""The slices of one DICOM file: where each lies, when it was taken, and how its numbers are scaled.

Position and orientation of a plane are explained in DICOM PS3.3, section C.7.6.2.1.1; functional groups, which hold
them for files of many frames, in C.7.6.16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

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


@dataclass(frozen=True)
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


Find = Callable[..., Any]


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
    if count == 1 and not each and shared is None:
        return [_slice(path, 0, dataset.get, dataset)]
    found = [
        _slice(path, frame, _finder(dataset, each[frame] if frame < len(each) else None, shared), dataset)
        for frame in range(count)
    ]
    return found if len(each) or count == 1 else _classic_frames(found, dataset)


def _finder(dataset: Any, own: Any, shared: Any) -> Find:
    """A look-up of tags: in a frame's own groups first, then in those that all share, then in the file."""
    groups = [group for group in (own, shared) if group]

    def find(name: str, sequence: str = "") -> Any:
        if sequence:
            for group in groups:
                inner = _first(group.get(sequence))
                if inner is not None and inner.get(name) is not None:
                    return inner.get(name)
        return dataset.get(name)

    return find


def _slice(path: Path, frame: int, find: Find, dataset: Any) -> Slice:
    simple = find == dataset.get

    def look(name: str, sequence: str) -> Any:
        return find(name) if simple else find(name, sequence)

    thickness = _numbers(look("SliceThickness", "PixelMeasuresSequence"), 1)
    location = _numbers(dataset.get("SliceLocation"), 1)
    number = _numbers(dataset.get("InstanceNumber"), 1) or (0.0,)
    kind = look("FrameType", "MRImageFrameTypeSequence") or dataset.get("ImageType") or ""
    segment = _numbers(look("ReferencedSegmentNumber", "SegmentIdentificationSequence"), 1)
    return Slice(
        path,
        frame,
        int(number[0]),
        _numbers(look("ImagePositionPatient", "PlanePositionSequence"), 3),
        _numbers(look("ImageOrientationPatient", "PlaneOrientationSequence"), 6),
        _numbers(look("PixelSpacing", "PixelMeasuresSequence"), 2),
        thickness[0] if thickness else None,
        _scale(look, dataset),
        location[0] if location else None,
        str(dataset.get("SOPInstanceUID") or ""),
        _words(kind),
        str(look("StackID", "FrameContentSequence") or ""),
        tuple(_moment(look(name, sequence)) for name, sequence, _label in MOMENTS),
        int(segment[0]) if segment else 0,
    )


def _words(value: Any) -> str:
    parts = [value] if isinstance(value, str) else list(value)
    return " ".join(filter(None, (str(part).strip() for part in parts)))


def _scale(look: Find, dataset: Any) -> tuple[float, float]:
    dose = _numbers(dataset.get("DoseGridScaling"), 1)
    slope = _numbers(look("RescaleSlope", "PixelValueTransformationSequence"), 1) or dose or (1.0,)
    intercept = _numbers(look("RescaleIntercept", "PixelValueTransformationSequence"), 1) or (0.0,)
    return slope[0], intercept[0]


def _classic_frames(slices: list[Slice], dataset: Any) -> list[Slice]:
    """Frames without functional groups: their one position is that of the first, unless offsets are given (a dose)."""
    offsets = dataset.get("GridFrameOffsetVector")
    first = slices[0]
    if offsets is None or len(offsets) != len(slices) or first.position is None or first.orientation is None:
        return [replace(each, position=None, location=None) for each in slices]
    normal = np.cross(first.orientation[:3], first.orientation[3:])
    return [
        replace(
            each,
            position=tuple(np.array(first.position) + normal * (float(offset) - float(offsets[0]))),
            location=None,
        )
        for each, offset in zip(slices, offsets, strict=True)
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
