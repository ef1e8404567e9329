"""A folder of slices, one TIFF, PNG, BMP or JPEG per slice, in the natural order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.reading import readable
from wholefield.sources.signatures import TIFF_SIGNATURES
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered, common_questions
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.slices.look import SliceLook, look_of
from wholefield.sources.stacks.slices.names import counts_time, grid_of
from wholefield.sources.stacks.slices.selection import (
    SLICES,
    alike_series,
    likely_slices,
    selected,
    series_of,
    series_question,
    slices_in,
)
from wholefield.sources.stacks.stack import AnyArray, StackDescription


class SliceFolder(SlicedStack):
    """A folder of pictures of one size. A file is opened when its plane is wanted."""

    def __init__(
        self, path: Path, description: StackDescription, files: Sequence[Path], looks: SliceLook, palette: str
    ) -> None:
        super().__init__(path, description)
        self._files = files
        self._look = looks
        self._palette = palette

    def _decode_plane(self, z: int) -> AnyArray:
        path = self._files[self.time * self.shape[0] + z]
        plane = _decoded(path, self._look.palette, self._palette)
        if plane.shape[:2] != self.shape[1:] or plane.dtype != self.dtype or plane.size != self._size():
            height, width = plane.shape[:2]
            raise SourceError(
                f"{path} has {width} x {height} px of {plane.dtype}, unlike the first slice of its folder; it has "
                "changed since the folder was opened."
            )
        return plane

    def _size(self) -> int:
        return self.shape[1] * self.shape[2] * self.channels


def is_slice_folder(path: Path) -> bool:
    """Whether a folder holds several pictures of one size and type, whatever else lies there."""
    # Any three of one series tell it, and the natural order of thousands of names takes long.
    names = likely_slices(path) if path.is_dir() else []
    return len(names) > 1 and slices_agree([path / names[at] for at in (0, len(names) // 2, -1)])


def slices_agree(files: Sequence[Path]) -> bool:
    """Whether the first, the middle and the last file are single pictures of one size and type."""
    probes = {files[0], files[len(files) // 2], files[-1]}
    try:
        looks = {look_of(path) for path in probes}
        return len(looks) == 1 and None not in looks and not any(map(_is_more_than_a_slice, probes))
    except OSError:
        return False


def open_slice_folder(path: Path, reading: Reading = NOTHING) -> SliceFolder:
    """Open a folder of slices; the headers of all are compared, and what does not belong to them is named.

    Args:
        path: The folder.
        reading: May answer `series`, where slices of several scans lie in one folder, and `palette`.

    Raises:
        UnclearFileError: Slices of several scans lie there.
        SourceError: There are no slices, or some of them are damaged or differ from the others.
    """
    reading.only(path, "series", "palette", *COMMON)
    found = selected(path, reading)
    files, look = found.files, found.look
    if _is_more_than_a_slice(files[0]):
        raise SourceError(
            f"{path} holds pictures that are stacks or pyramids of their own, such as {files[0].name}; open one of "
            "them."
        )
    palette = reading.get("palette", "indices")
    first = _decoded(files[0], look.palette, palette)
    times = len({pair[0] for pair in grid_of(files) or ()}) if _has_times(files) else 1
    kind = SLICES[files[0].suffix.lower()]
    warnings = list(found.warnings)
    if look.palette and palette != "colors" and not _is_gray_ramp(files[0], first):
        warnings.append(
            "The slices have a palette; they are read as numbers (palette=colors shows their colors)."
        )
    if kind == "JPEG":
        warnings.append(
            "JPEG slices have lost detail when they were saved; their values are not those of the scan."
        )
    description = StackDescription(
        f"Folder of {kind} slices",
        (len(files) // times, first.shape[0], first.shape[1]),
        first.shape[2] if first.ndim == 3 else 1,
        first.dtype,
        warnings=tuple(warnings),
        metadata={"first slice": files[0].name, "last slice": files[-1].name},
        times=times,
    )
    return answered(SliceFolder(path, description, files, look, palette), reading)


def folder_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """Which of several scans is read, its time and its spacing.

    Raises:
        SourceError: The folder cannot be read.
    """
    series = alike_series(series_of(slices_in(path)))
    questions = [series_question(series)] if len(series) > 1 else []
    try:
        with open_slice_folder(path, reading) as stack:
            return (*questions, *common_questions(stack))
    except SourceError:
        return tuple(questions)


def _is_gray_ramp(path: Path, numbers: AnyArray) -> bool:
    """Whether the palette of a slice gives every number the gray of its value, as BMP files have it."""
    colors = np.atleast_3d(_decoded(path, True, "colors"))
    return bool((colors == np.atleast_3d(numbers)).all())


def _has_times(files: Sequence[Path]) -> bool:
    return grid_of(files) is not None and counts_time(files)


def _is_more_than_a_slice(path: Path) -> bool:
    """Whether a file is a stack or a pyramid of its own."""
    from wholefield.sources.slides.opening import open_image
    from wholefield.sources.stacks.formats.tiff import is_tiff_stack

    with path.open("rb") as file:
        if not file.read(4).startswith(TIFF_SIGNATURES):
            return False
    if is_tiff_stack(path):
        return True
    try:
        with open_image(path) as image:
            return len(image.levels) > 1
    except SourceError:
        return False


def _decoded(path: Path, indexed: bool, palette: str) -> AnyArray:
    """The pixels of a slice, (y, x) or (y, x, channels); gray ones as they are stored."""
    from wholefield.sources.slides.opening import open_image
    from wholefield.sources.stacks.formats.tiff import open_tiff_stack

    with readable(path):
        path.stat()
    if SLICES.get(path.suffix.lower()) == "TIFF":
        with open_tiff_stack(path, Reading({"palette": palette})) as stack:
            return stack.plane(0, 0)
    with open_image(path, reading=Reading({"palette": palette}) if indexed else None) as image:
        pixels = image.read_region(0, 0, 0, image.width, image.height)
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
