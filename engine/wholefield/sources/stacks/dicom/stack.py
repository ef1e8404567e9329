"""A DICOM volume whose planes are decoded one by one and rescaled to the values that they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.dicom.layout import HeaderError
from wholefield.sources.dicom.syntaxes import DEFLATED
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.dicom.arrangement import Arrangement, arrange
from wholefield.sources.stacks.dicom.headers import DicomFile
from wholefield.sources.stacks.dicom.planes import plane_of
from wholefield.sources.stacks.dicom.slices import SAME, Slice
from wholefield.sources.stacks.dicom.times import counted, same_instance
from wholefield.sources.stacks.dicom.values import rescaled, values_dtype
from wholefield.sources.stacks.dicom.volumes import Volume
from wholefield.sources.stacks.dicom.warnings import notes_of
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.stack import AnyArray, StackDescription

# What tells the times apart, in `metadata`.
MOMENT_KEY = "Times differ by"


class DicomStack(SlicedStack):
    """A volume of one or more times. A file is opened when one of its planes is wanted."""

    def __init__(
        self,
        path: Path,
        description: StackDescription,
        arrangement: Arrangement,
        files: Mapping[Path, DicomFile],
    ) -> None:
        super().__init__(path, description)
        self._times = arrangement.times
        self._files = files

    def _decode_plane(self, z: int) -> AnyArray:
        each = self._times[self.time][z]
        values = plane_of(self._files[each.path], each)
        expected = (*self.shape[1:], self.channels) if self.channels > 1 else self.shape[1:]
        if values.shape != expected:
            raise damaged(each.path, f"its pixels have the shape {values.shape}, not {expected}")
        return rescaled(values, each.scale, self.dtype)


class Copies:
    """Whether two slices are copies: of one name and one content. Some programs give all images the same name."""

    def __init__(self, files: Mapping[Path, DicomFile]) -> None:
        self._files = files
        self._known: dict[tuple[Path, Path], bool] = {}

    def __call__(self, first: Slice, second: Slice) -> bool:
        """Whether the second slice is the first once more."""
        if not same_instance(first, second):
            return False
        pair = first.path, second.path
        if pair not in self._known:
            self._known[pair] = self._pixels(first.path) == self._pixels(second.path)
        return self._known[pair]

    def _pixels(self, path: Path) -> bytes:
        layout = self._files[path].layout
        assert layout is not None
        with path.open("rb") as file:
            file.seek(layout.element.offset if layout.syntax != DEFLATED else 0)
            return hashlib.blake2b(file.read(layout.element.length)).digest()


def stack_of(path: Path, volume: Volume, told: list[str]) -> DicomStack:
    """The open stack of a volume; its first plane is decoded, so that what cannot be decoded is not opened.

    Args:
        path: What was opened.
        volume: Its slices.
        told: What else the user should know.

    Raises:
        SourceError: The first plane cannot be decoded.
    """
    layout, first = volume.layout, volume.first
    files = {file.path: file for file in volume.files}
    arrangement = arrange(volume.slices, Copies(files))
    scales, scale_warnings = _scales(arrangement)
    arrangement = Arrangement(scales, arrangement.geometry, arrangement.warnings, arrangement.moment)
    dtype = _dtype_of(files, arrangement)
    metadata = dict(first.texts)
    if arrangement.moment:
        metadata[MOMENT_KEY] = arrangement.moment
    description = StackDescription(
        "DICOM series",
        (len(arrangement.slices), layout.rows, layout.columns),
        layout.channels,
        dtype,
        arrangement.geometry,
        (*told, *arrangement.warnings, *_times_told(arrangement), *scale_warnings, *notes_of(volume)),
        metadata,
        window=first.window,
        inverted=layout.photometric == "MONOCHROME1",
        times=len(arrangement.times),
    )
    stack = DicomStack(path, description, arrangement, files)
    try:
        stack.plane(0, 0)
    except SourceError:
        stack.close()
        raise
    return stack


def _dtype_of(files: Mapping[Path, DicomFile], arrangement: Arrangement) -> np.dtype[np.generic]:
    """The type that holds the values of all slices; the bits that are stored may differ between files."""
    kinds: dict[tuple[object, ...], tuple[DicomFile, set[tuple[float, float]]]] = {}
    for time in arrangement.times:
        for each in time:
            file = files[each.path]
            layout = file.layout
            assert layout is not None
            kind = layout.dtype.str, layout.stored, layout.palette is None, layout.table is None
            kinds.setdefault(kind, (file, set()))[1].add(each.scale)
    found = []
    for file, scales in kinds.values():
        assert file.layout is not None
        try:
            found.append(values_dtype(file.layout, scales))
        except HeaderError as error:
            raise damaged(file.path, error) from error
    return np.result_type(*found)


def _scales(arrangement: Arrangement) -> tuple[tuple[tuple[Slice, ...], ...], list[str]]:
    """The slices without scales that would make all values of a slice equal, and how many those are."""
    zero = [each for time in arrangement.times for each in time if each.scale[0] == 0]
    if not zero:
        return arrangement.times, []
    times = tuple(
        tuple(replace(each, scale=SAME) if each.scale[0] == 0 else each for each in time)
        for time in arrangement.times
    )
    return times, [
        f"{counted(zero)} stored with a RescaleSlope of 0, which would make all of their values equal; their stored "
        f"numbers are kept. The first is {zero[0].path.name}."
    ]


def _times_told(arrangement: Arrangement) -> list[str]:
    if not arrangement.moment:
        return []
    return [
        f"Every position occurs {len(arrangement.times)} times; they are taken as times, told apart by their "
        f"{arrangement.moment}."
    ]
