"""`wholefield objects`: the objects of a map that a reader of slides or stacks opens, found and written."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SettingError
from wholefield.objects.components import Mask
from wholefield.objects.finding import Objects, Pixels, ReadPixels, find_objects
from wholefield.objects.writing import Spacing, write_objects
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources import open_image, open_stack
from wholefield.sources.rect import Rect
from wholefield.tasks.objects_settings import ObjectsSettings

IN_MICROMETERS = {"mm": 1000.0, "um": 1.0}


@dataclass(frozen=True)
class Written:
    """What came of it.

    Attributes:
        path: What was written.
        objects: The objects.
    """

    path: Path
    objects: Objects


@dataclass(frozen=True)
class OpenMap:
    """An open map or image of two dimensions.

    Attributes:
        read: Reads a region, (h, w, channels).
        size: (height, width).
        channels: Values per px.
        spacing: Size of a px along (y, x) in µm; None where it is not known.
    """

    read: ReadPixels
    size: tuple[int, int]
    channels: int
    spacing: Spacing


def export_objects(settings: ObjectsSettings, report: ReportFunction, control: Control) -> Written:
    """Find the objects of a map and write them, whole or not at all.

    Raises:
        WholefieldError: The map cannot be read, or the file not be written.
        RunCancelled: The control asked for it; nothing is left behind.
    """
    with ExitStack() as opened:
        found, spacing = _found(settings, opened, report, control)
    report(Message(Level.INFO, f"{len(found):,} objects."))
    if found.skipped:
        report(
            Message(
                Level.WARNING,
                f"{found.skipped:,} connected areas of {settings.map.name} reach over more than 64 megapixels and are "
                "left out; raise the threshold, or use a coarser map.",
            )
        )
    try:
        write_objects(settings.out, found, spacing, settings.name)
    except OSError as error:
        raise SettingError(
            f"{settings.out} cannot be written ({error.strerror or error}); choose another folder or free disk space."
        ) from error
    return Written(settings.out, found)


def open_map(path: Path, opened: ExitStack, reading: str | None, slice_: int | None) -> OpenMap:
    """Open a slide, a picture, or a slice of a stack.

    Raises:
        SourceError: It cannot be opened.
        SettingError: The stack has no such slice.
    """
    if slice_ is None:
        image = opened.enter_context(open_image(path, reading=reading))

        def read(rect: Rect[int]) -> Pixels:
            return image.read_region(0, rect.x, rect.y, rect.width, rect.height)

        return OpenMap(read, (image.height, image.width), image.channels, image.spacing)
    stack = opened.enter_context(open_stack(path, reading=reading))
    if slice_ >= stack.shape[0]:
        raise SettingError(
            f"The setting slice is {slice_}, but {stack.name} has slices 0 to {stack.shape[0] - 1}."
        )

    def read_slice(rect: Rect[int]) -> Pixels:
        rows, columns = slice(rect.y, rect.bottom), slice(rect.x, rect.right)
        values = stack.read(slice(slice_, slice_ + 1), rows, columns)[0]
        return values if values.ndim == 3 else values[..., None]

    geometry, factor = stack.geometry, IN_MICROMETERS.get(stack.geometry.unit)
    spacing = None
    if geometry.spacing is not None and factor is not None:
        spacing = geometry.spacing[1] * factor, geometry.spacing[2] * factor
    return OpenMap(read_slice, (stack.shape[1], stack.shape[2]), stack.channels, spacing)


def foreground_of(threshold: float | None, class_value: int | None) -> Callable[[Pixels], Mask]:
    """Which values belong to objects; what is not a number does not."""

    def foreground(values: Pixels) -> Mask:
        if class_value is not None:
            return np.asarray(values == class_value)
        if threshold is not None:
            return np.asarray(values >= threshold)
        return np.asarray((values != 0) & (values == values))

    return foreground


def _found(
    settings: ObjectsSettings, opened: ExitStack, report: ReportFunction, control: Control
) -> tuple[Objects, Spacing]:
    source = open_map(settings.map, opened, settings.reading, settings.slice)
    if settings.channel >= source.channels:
        raise SettingError(
            f"The setting channel is {settings.channel}, but {settings.map.name} has channels 0 to "
            f"{source.channels - 1}."
        )
    image = None
    if settings.intensities is not None:
        image = open_map(settings.intensities, opened, settings.intensities_reading, settings.slice)
        if image.size != source.size:
            raise SettingError(
                f"{settings.intensities.name} has {_size(image)} px but {settings.map.name} has {_size(source)}; "
                "choose an image of the same size."
            )

    def read(rect: Rect[int]) -> Pixels:
        return source.read(rect)[..., settings.channel]

    counter: list[PartCounter] = []

    def progress(done: int, total: int) -> None:
        if not counter:
            counter.append(PartCounter("Finding objects", total, report, control))
        counter[0].done(done)

    found = find_objects(
        read,
        foreground_of(settings.threshold, settings.class_value),
        source.size,
        settings.rules,
        intensities=image.read if image is not None else None,
        channels=image.channels if image is not None else 0,
        tile=settings.tile_size,
        progress=progress,
    )
    return found, source.spacing


def _size(source: OpenMap) -> str:
    return f"{source.size[1]} x {source.size[0]}"
