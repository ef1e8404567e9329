"""A folder of slices, one TIFF or PNG per slice, in the natural order of their names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.signatures import SLICE_SUFFIXES
from wholefield.sources.slides.image import ImageSource
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.stack import AnyArray, StackDescription


class SliceFolder(SlicedStack):
    """A folder of pictures of one size. A file is opened when its plane is wanted."""

    def __init__(self, path: Path, description: StackDescription, files: list[Path]) -> None:
        super().__init__(path, description)
        self._files = files

    def _decode_plane(self, z: int) -> AnyArray:
        from wholefield.sources.slides.opening import open_image

        with open_image(self._files[z]) as image:
            self._refuse_other(image)
            return image.read_region(0, 0, 0, image.width, image.height)

    def _refuse_other(self, image: ImageSource) -> None:
        found = (image.height, image.width, image.channels, image.dtype)
        if found != (*self.shape[1:], self.channels, self.dtype):
            raise SourceError(
                f"{image.path} has {image.width} x {image.height} px with {image.channels} channels of "
                f"{image.dtype}, unlike the first slice of its folder; remove it from the folder."
            )


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names so that 2 comes before 10; digits before letters, and capitals with small letters."""
    parts = re.findall(r"(\d+)|(\D+)", name)
    # Equal numbers with more zeros in front come later, so that the order is always the same.
    return tuple((0, int(digits), digits) if digits else (1, 0, text.casefold()) for digits, text in parts)


def slices_in(folder: Path) -> list[Path]:
    """The pictures in a folder that can be slices of a stack: those of the suffix that most of them have."""
    return [folder / name for name in sorted(_names_in(folder), key=natural_key)]


def _names_in(folder: Path) -> list[str]:
    groups: dict[str, list[str]] = {}
    # The listing says what is a file: a folder may hold thousands.
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in SLICE_SUFFIXES and not entry.name.startswith(".") and entry.is_file():
                groups.setdefault("tif" if suffix != ".png" else "png", []).append(entry.name)
    return max(groups.values(), key=len, default=[])


def is_slice_folder(folder: Path) -> bool:
    """Whether a path is a folder with several pictures that can be the slices of one stack."""
    # Any three tell it, and the natural order of thousands of names takes long.
    names = sorted(_names_in(folder)) if folder.is_dir() else []
    return len(names) > 1 and slices_agree([folder / names[at] for at in (0, len(names) // 2, -1)])


def slices_agree(files: list[Path]) -> bool:
    """Whether the first, the middle and the last file are single pictures of one size and type."""
    probes = {files[0], files[len(files) // 2], files[-1]}
    looks = {_look(path) for path in probes}
    return len(looks) == 1 and None not in looks


def _look(path: Path) -> tuple[object, ...] | None:
    """Size, channels and type of a picture that can be one slice; None for a pyramid or a damaged file."""
    from wholefield.sources.slides.opening import open_image

    try:
        with open_image(path) as image:
            if len(image.levels) > 1:
                return None
            return image.width, image.height, image.channels, image.dtype
    except (SourceError, OSError):
        return None


def open_slice_folder(path: Path) -> SliceFolder:
    """Open a folder of TIFF or PNG slices; others than the first are looked at only when they are read.

    Raises:
        SourceError: There are no slices, or the first, middle and last do not belong together.
    """
    from wholefield.sources.slides.opening import open_image

    files = slices_in(path)
    if not files:
        raise SourceError(f"{path} is a folder without slices; choose one with TIFF, PNG or DICOM files.")
    if not slices_agree(files):
        raise SourceError(
            f"{path} holds pictures that differ in size or type, or that are damaged or pyramids; a stack "
            "needs a folder with nothing but its slices."
        )
    with open_image(files[0]) as image:
        description = StackDescription(
            f"Folder of {'PNG' if files[0].suffix.lower() == '.png' else 'TIFF'} slices",
            (len(files), image.height, image.width),
            image.channels,
            image.dtype,
            StackGeometry(),
            metadata={"first slice": files[0].name, "last slice": files[-1].name, **image.metadata},
        )
    return SliceFolder(path, description, files)
