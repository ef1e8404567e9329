"""Groups DICOM files into volumes: slices of one series, orientation, size and type belong together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wholefield.sources.dicom.layout import PixelLayout
from wholefield.sources.stacks.dicom.arrangement import normal_of, tolerance_of
from wholefield.sources.stacks.dicom.headers import DicomFile
from wholefield.sources.stacks.dicom.slices import Slice, same_numbers

# Directions that differ by less than this are the same: 0.1 degrees, where scanners write about six digits.
SAME_DIRECTION = 2e-3
# What is derived from other images is not what people mean when they open a folder.
DERIVED = ("SEG", "RTDOSE", "REG", "PR", "SC", "OT")
NO_SERIES = "none"


@dataclass(frozen=True, eq=False)
class Volume:
    """Slices that are one stack, perhaps at several times.

    Attributes:
        name: By which it is chosen: the UID of its series, with a number behind where the series has several.
        files: The files, in the order they were found in.
        slices: Their slices that belong to it, in no order.
    """

    name: str
    files: tuple[DicomFile, ...]
    slices: tuple[Slice, ...]

    @property
    def first(self) -> DicomFile:
        """The first of its files, for what all have in common."""
        return self.files[0]

    @property
    def layout(self) -> PixelLayout:
        """How pixels of the first file are stored."""
        layout = self.first.layout
        assert layout is not None
        return layout

    @property
    def label(self) -> str:
        """What people call it."""
        texts = self.first.texts
        modality = texts.get("Modality", "")
        count = len(self.slices)
        size = f"{count} {'slice' if count == 1 else 'slices'} of {self.layout.columns} x {self.layout.rows}"
        title = texts.get("SeriesDescription") or ("localizer" if self.first.localizer else "unnamed series")
        return ", ".join(part for part in (title, modality, size) if part)

    @property
    def rank(self) -> tuple[object, ...]:
        """Volumes that people more likely mean have a smaller one."""
        size = self.layout.rows * self.layout.columns
        return self.first.localizer, self.first.modality in DERIVED, -len(self.slices), -size


def volumes_of(files: Iterable[DicomFile]) -> list[Volume]:
    """The volumes in some files, the likeliest first."""
    found = []
    by_series: dict[str, list[list[tuple[DicomFile, Slice]]]] = {}
    for group in _grouped(files):
        by_series.setdefault(group[0][0].series, []).append(group)
    for series, groups in by_series.items():
        groups.sort(key=_larger)
        for number, group in enumerate(groups, 1):
            name = (series or NO_SERIES) + (f"/{number}" if number > 1 else "")
            own = tuple({file.path: file for file, _slice in group}.values())
            found.append(Volume(name, own, tuple(each for _file, each in group)))
    return sorted(found, key=_rank)


Pair = tuple[DicomFile, Slice]


def _larger(group: Sequence[Pair]) -> int:
    return -len(group)


def _rank(volume: Volume) -> tuple[object, ...]:
    return volume.rank


def _grouped(files: Iterable[DicomFile]) -> list[list[Pair]]:
    keyed: dict[Hashable, list[list[Pair]]] = {}
    for file in files:
        if file.layout is None:
            continue
        common = _key(file, file.layout)
        for each in file.slices:
            own = common, _spacing(each), each.position is None, each.stack
            _join(keyed.setdefault(own, []), file, each)
    groups = [group for alike in keyed.values() for group in alike]
    groups = [part for group in groups for part in _split(group, _kind_of)]
    return [part for group in groups for part in _split(group, _Origin(group))]


def _key(file: DicomFile, layout: PixelLayout) -> Hashable:
    pixels = layout.rows, layout.columns, layout.channels, layout.dtype.str, layout.photometric
    return file.series, file.localizer, pixels


def _spacing(each: Slice) -> Hashable:
    """Spacing to four digits: more are written in different ways."""
    return (
        None if each.pixel_spacing is None else tuple(float(f"{value:.4g}") for value in each.pixel_spacing)
    )


def _join(groups: list[list[Pair]], file: DicomFile, each: Slice) -> None:
    """Add a slice to the group of its orientation."""
    for group in groups:
        if same_numbers(group[0][1].orientation, each.orientation, SAME_DIRECTION):
            group.append((file, each))
            return
    groups.append([(file, each)])


def _split(group: list[Pair], part_of: Callable[[Slice], Hashable]) -> list[list[Pair]]:
    """Parts of a group whose places repeat, if it falls into parts of one size whose places do not."""
    slices = [each for _file, each in group]
    if not _repeats(slices):
        return [group]
    parts: dict[Hashable, list[Pair]] = {}
    for file, each in group:
        parts.setdefault(part_of(each), []).append((file, each))
    sizes = {len(part) for part in parts.values()}
    if (
        len(parts) == 1
        or len(sizes) > 1
        or any(_repeats([each for _f, each in part]) for part in parts.values())
    ):
        return [group]
    return list(parts.values())


def _repeats(slices: Sequence[Slice]) -> bool:
    """Whether two of the slices are at one height."""
    normal = normal_of(slices)
    if normal is None:
        return False
    heights = np.sort(np.array([each.position for each in slices], np.float64) @ normal)
    return bool((np.diff(heights) <= tolerance_of(slices)).any())


def _kind_of(each: Slice) -> Hashable:
    return each.kind


class _Origin:
    """Tells slices apart by where they lie within their planes: images of several stations at one height."""

    def __init__(self, group: Sequence[Pair]) -> None:
        first = group[0][1]
        self._axes = np.array(first.orientation or (0.0,) * 6).reshape(2, 3)
        self._pixel = (
            min(first.pixel_spacing) if first.pixel_spacing and min(first.pixel_spacing) > 0 else 1.0
        )

    def __call__(self, each: Slice) -> Hashable:
        place = self._axes @ np.array(each.position or (0.0,) * 3) / self._pixel
        return tuple(int(value) for value in np.rint(place))
