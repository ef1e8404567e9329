"""DICOM segmentations of volumes as stacks of labels: the numbers of segments, 0 where there is none.

Frames are one segment at one place (PS3.3, section C.8.20.2); those without any voxel are often left out of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from wholefield.sources.reading import damaged
from wholefield.sources.stacks.dicom.arrangement import Arrangement, arrange, normal_of, tolerance_of
from wholefield.sources.stacks.dicom.files import files_below, read_headers
from wholefield.sources.stacks.dicom.headers import DicomFile
from wholefield.sources.stacks.dicom.planes import plane_of
from wholefield.sources.stacks.dicom.slices import Slice, same_numbers
from wholefield.sources.stacks.dicom.spacing import geometry_of_slices, step_warnings, steps_of
from wholefield.sources.stacks.dicom.volumes import Volume, volumes_of
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.stack import AnyArray, StackDescription

MODALITY = "SEG"
LABELMAP, FRACTIONAL = "LABELMAP", "FRACTIONAL"
HIGHEST = 65535
SAME_DIRECTION = 2e-3


@dataclass(frozen=True)
class Segments:
    """What a segmentation says of its labels.

    Attributes:
        names: What each number is called.
        kind: "BINARY", "FRACTIONAL" or "LABELMAP".
        inside: The smallest stored value that belongs to a segment.
        overlap: Whether segments may overlap.
        series: UID of the series that was segmented; empty where the file does not say.
    """

    names: Mapping[int, str]
    kind: str
    inside: int
    overlap: bool
    series: str


@dataclass(frozen=True)
class _Grid:
    """The planes of the stack: the frames that lie on each, and where they are."""

    planes: tuple[tuple[Slice, ...], ...]
    geometry: StackGeometry
    warnings: tuple[str, ...]


class DicomSegmentation(SlicedStack):
    """Numbers of segments, uint8 or uint16; `metadata` names them."""

    def __init__(
        self,
        path: Path,
        description: StackDescription,
        grid: _Grid,
        files: Mapping[Path, DicomFile],
        segments: Segments,
    ) -> None:
        super().__init__(path, description)
        self._planes = grid.planes
        self._files = files
        self._segments = segments

    def _decode_plane(self, z: int) -> AnyArray:
        labels = np.zeros(self.shape[1:], self.dtype)
        for each in sorted(self._planes[z], key=_segment):
            stored = plane_of(self._files[each.path], each)
            if self._segments.kind == LABELMAP:
                labels = np.where(stored != 0, stored, labels).astype(self.dtype)
            else:
                labels[stored >= self._segments.inside] = each.segment
        return labels


def segmentation_of(path: Path, volume: Volume, told: Sequence[str]) -> DicomSegmentation:
    """The open labels of a segmentation.

    Where the series that was segmented lies in the same folder, the stack has its slices; otherwise it reaches from the
    first to the last frame of the file, with empty slices where frames were left out.

    Args:
        path: What was opened.
        volume: Its frames.
        told: What else the user should know.

    Raises:
        SourceError: It is damaged.
    """
    file = volume.first
    segments = read_segments(file.path)
    grid = _like_series(file, volume.slices, segments.series) or _own_grid(volume.slices)
    highest = max((*segments.names, *(each.segment for each in volume.slices)), default=0)
    layout = volume.layout
    dtype = np.dtype(np.uint8 if highest < 256 and layout.dtype.itemsize == 1 else np.uint16)
    description = StackDescription(
        "DICOM segmentation",
        (len(grid.planes), layout.rows, layout.columns),
        1,
        dtype,
        grid.geometry,
        (*told, *grid.warnings, *_told(segments)),
        dict(file.texts) | {f"Label {number}": name for number, name in segments.names.items()},
    )
    return DicomSegmentation(path, description, grid, {each.path: each for each in volume.files}, segments)


def read_segments(path: Path) -> Segments:
    """What the header of a segmentation says of its labels.

    Raises:
        SourceError: It is damaged.
    """
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        names = {int(item.SegmentNumber): _name(item) for item in header.get("SegmentSequence") or ()}
        kind = str(header.get("SegmentationType") or "BINARY")
        most = int(header.get("MaximumFractionalValue") or 255)
        referenced = header.get("ReferencedSeriesSequence") or ()
        series = str(referenced[0].get("SeriesInstanceUID") or "") if referenced else ""
        overlap = str(header.get("SegmentsOverlap") or "") == "YES"
    except Exception as error:  # damaged headers raise errors of many kinds
        raise damaged(path, error) from error
    if any(not 0 <= number <= HIGHEST for number in names):
        raise damaged(path, f"it has segments with the numbers {sorted(names)}")
    # Half of the largest fraction or more is inside.
    return Segments(names, kind, (most + 1) // 2 if kind == FRACTIONAL else 1, overlap, series)


def _name(item: Any) -> str:
    return str(item.get("SegmentLabel") or f"Segment {item.SegmentNumber}")


def _told(segments: Segments) -> list[str]:
    told = []
    if segments.overlap:
        told.append("Segments overlap; where they do, the one with the highest number is kept.")
    if segments.kind == FRACTIONAL:
        told.append("The file has fractions of segments; a voxel belongs to a segment from one half on.")
    return told


def _segment(each: Slice) -> int:
    return each.segment


def _like_series(file: DicomFile, frames: Sequence[Slice], series: str) -> _Grid | None:
    """The planes of the segmented series, if it lies in the same folder and all frames fit on its slices."""
    if not series:
        return None
    try:
        paths, _complete = files_below(file.path.parent, nested=False)
    except OSError:
        return None
    headers, _refused, _reason = read_headers(paths)
    volumes = volumes_of(each for each in headers if each.series == series)
    for volume in volumes:
        arrangement = arrange(volume.slices)
        planes = _fitted(frames, arrangement, volume, file)
        if planes is not None:
            return _Grid(planes, arrangement.geometry, ())
    return None


def _fitted(
    frames: Sequence[Slice], arrangement: Arrangement, volume: Volume, file: DicomFile
) -> tuple[tuple[Slice, ...], ...] | None:
    layout, own = volume.layout, file.layout
    first = arrangement.slices[0]
    normal = normal_of(arrangement.slices)
    if own is None or normal is None or (layout.rows, layout.columns) != (own.rows, own.columns):
        return None
    positions = np.array([each.position for each in arrangement.slices], np.float64)
    planes: list[list[Slice]] = [[] for _each in arrangement.slices]
    spacing = first.pixel_spacing
    # Positions are written with fewer digits by some programs: a tenth of a pixel is no other place.
    near = 0.1 * min(spacing) if spacing else 0.1
    for each in frames:
        alike = same_numbers(each.orientation, first.orientation, SAME_DIRECTION)
        if each.position is None or not alike or not same_numbers(each.pixel_spacing, spacing, near / 10):
            return None
        distances = np.linalg.norm(positions - np.array(each.position), axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] > near:
            return None
        planes[nearest].append(each)
    return tuple(map(tuple, planes))


def _own_grid(frames: Sequence[Slice]) -> _Grid:
    """Planes from the first to the last frame, with empty ones where the file leaves frames out."""
    normal = normal_of(frames)
    if normal is None:
        numbers = dict.fromkeys({each.segment for each in frames}, 0)
        planes: dict[int, list[Slice]] = {}
        for each in sorted(frames, key=_frame):
            planes.setdefault(numbers[each.segment], []).append(each)
            numbers[each.segment] += 1
        told = ("The frames have no position; those of each segment are in the order of the file.",)
        return _Grid(tuple(map(tuple, planes.values())), StackGeometry(), told)
    heights = np.array([each.position for each in frames], np.float64) @ normal
    order = np.argsort(heights, kind="stable")
    levels: list[float] = []
    groups: list[list[Slice]] = []
    for index in order:
        if levels and heights[index] - levels[-1] <= tolerance_of(frames):
            groups[-1].append(frames[index])
        else:
            levels.append(float(heights[index]))
            groups.append([frames[index]])
    steps = steps_of(np.array(levels), frames[0].thickness)
    lone = [group[0] for group in groups]
    geometry = geometry_of_slices(lone, steps, normal)
    missing: list[tuple[float, list[Slice]]] = [(height, []) for height in steps.missing]
    filled = sorted([*zip(levels, groups, strict=True), *missing], key=_height)
    warnings = [text for text in step_warnings(lone, steps, normal) if "missing" not in text]
    return _Grid(tuple(tuple(group) for _height, group in filled), geometry, tuple(warnings))


def _height(pair: tuple[float, list[Slice]]) -> float:
    return pair[0]


def _frame(each: Slice) -> int:
    return each.frame
