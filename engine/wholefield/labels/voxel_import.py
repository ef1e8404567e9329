"""Labels of stacks that other programs made: masks, label images, segments of an NRRD, exports of ilastik."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.labels.classes import COLORS, MOST_CLASSES, Color, LabelClass, LabelClasses
from wholefield.labels.voxels import SIDE, VoxelLabels
from wholefield.sources.choices import Reading
from wholefield.sources.slides.ome_zarr import ome_of, open_group
from wholefield.sources.stacks.opening import open_stack
from wholefield.sources.stacks.stack import StackSource
from wholefield.sources.zarr_layout import is_zarr

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class ImportedVoxels:
    """Labels of another program.

    Attributes:
        labels: The labels.
        classes: Their classes.
    """

    labels: VoxelLabels
    classes: LabelClasses


@dataclass(frozen=True)
class _Segment:
    """What a file says of one value.

    Attributes:
        value: The value.
        name: Its name; empty where there is none.
        color: Its color; None where there is none.
        layer: In which of the channels it stands.
    """

    value: int
    name: str = ""
    color: Color | None = None
    layer: int = 0


@dataclass
class _Numbers:
    """Numbers 1, 2, ... for values of layers, in the order in which they are met.

    Attributes:
        of: The number of each (layer, value).
    """

    path: Path
    of: dict[tuple[int, int], int] = field(default_factory=dict)

    def take(self, values: AnyArray, layer: int) -> npt.NDArray[np.uint8]:
        """The number of every voxel, 0 where the value is 0.

        Raises:
            SourceError: There are more than 255 values.
        """
        found, places = np.unique(values, return_inverse=True)
        numbers = np.zeros(len(found), np.uint8)
        for place, value in enumerate(found.tolist()):
            if value:
                number = self.of.setdefault((layer, int(value)), len(self.of) + 1)
                if number > MOST_CLASSES:
                    raise SourceError(
                        f"{self.path} holds more than {MOST_CLASSES} values, as many as numbers of single objects; a "
                        f"stack is labeled with up to {MOST_CLASSES} classes."
                    )
                numbers[place] = number
        return numbers[places].reshape(values.shape)


def read_voxels(
    path: Path, shape: tuple[int, int, int], reading: Reading | str | None = None
) -> ImportedVoxels:
    """Read the labels of a stack.

    Every value above 0 is a class, with the name and color that the file has for it (segments of an NRRD of 3D Slicer,
    labels of an OME-Zarr); others are called "Label 3". What is not a number has no label.

    Args:
        path: A stack of whole numbers, in any format of stacks.
        shape: (z, y, x) of the stack that is labeled.
        reading: Answers to what the file leaves open, as for `open_stack`.

    Returns:
        The labels and their classes.

    Raises:
        SourceError: It cannot be read, has another size, or holds no labels.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.labels.voxel_import import read_voxels
        >>> tifffile.imwrite("mask.tif", np.eye(4, dtype=np.uint8)[None].repeat(3, 0), photometric="minisblack")
        >>> found = read_voxels(Path("mask.tif"), (3, 4, 4))
        >>> found.labels.counts(), found.classes.names
        ({1: 12}, ('Label 1',))
    """
    with open_stack(path, reading=reading) as stack:
        if stack.shape != shape:
            sizes = (" x ".join(map(str, each)) for each in (stack.shape, shape))
            raise SourceError(
                "{} has {} voxels, but the stack has {}; choose labels of it.".format(path, *sizes)
            )
        known = _segments_of(stack)
        layers = sorted({each.layer for each in known}) or [0]
        if stack.channels > 1 and not known:
            raise SourceError(
                f"{path} has {stack.channels} channels, but labels have one value per voxel; save one channel of it."
            )
        numbers = _Numbers(path)
        labels = VoxelLabels(shape)
        for start in range(0, shape[0], SIDE):
            _take(labels, stack, slice(start, min(start + SIDE, shape[0])), layers, numbers)
    return _named(labels, numbers.of, {(each.layer, each.value): each for each in known})


def _take(
    labels: VoxelLabels, stack: StackSource, slices: slice, layers: Iterable[int], numbers: _Numbers
) -> None:
    """Read some slices; of layers that overlap the later one counts."""
    read = stack.read(slices)
    found: npt.NDArray[np.uint8] = np.zeros(read.shape[:3], np.uint8)
    for layer in layers:
        values = _whole(read[..., layer] if read.ndim == 4 else read, stack)
        taken = numbers.take(values, layer)
        found[taken > 0] = taken[taken > 0]
    for down, right in product(range(0, found.shape[1], SIDE), range(0, found.shape[2], SIDE)):
        part = found[:, down : down + SIDE, right : right + SIDE]
        if part.any():
            chunk = np.zeros((SIDE, SIDE, SIDE), np.uint8)
            chunk[: part.shape[0], : part.shape[1], : part.shape[2]] = part
            labels.put((slices.start // SIDE, down // SIDE, right // SIDE), chunk)


def _whole(values: AnyArray, stack: StackSource) -> AnyArray:
    """Values as whole numbers from 0 on; what is not a number is 0.

    Raises:
        SourceError: They are no labels.
    """
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), 0, values)
        strange = values[~((values == np.round(values)) & (abs(values) < 2**53))]
        if strange.size:
            raise SourceError(
                f"{stack.path} holds {strange[0]:g}, but labels are whole numbers; choose labels."
            )
    if values.dtype.kind in "if" and (lowest := values.min(initial=0)) < 0:
        raise SourceError(f"{stack.path} holds {lowest:g}, but labels are numbers from 0 on; choose labels.")
    return values


def _named(
    labels: VoxelLabels, numbers: Mapping[tuple[int, int], int], known: Mapping[tuple[int, int], _Segment]
) -> ImportedVoxels:
    """Labels whose voxels have their values in the file, where those fit in a byte and mean one thing."""
    values = [value for _, value in numbers]
    kept = len(set(values)) == len(values) and max(values, default=0) <= MOST_CLASSES
    order = sorted(numbers)
    final = {numbers[each]: each[1] if kept else place for place, each in enumerate(order, 1)}
    classes = LabelClasses()
    for layer, value in order:
        segment = known.get((layer, value), _Segment(value))
        name = _free(segment.name or f"Label {value}", classes.names)
        new = final[numbers[layer, value]]
        color = segment.color or COLORS[(new - 1) % len(COLORS)]
        classes = LabelClasses([*classes, LabelClass(new, name, color)])
    renamed = VoxelLabels(labels.shape)
    renamed.add(labels, final)
    renamed.history.clear()
    return ImportedVoxels(renamed, classes)


def _free(name: str, taken: Iterable[str]) -> str:
    others = set(taken)
    return next(each for each in _tries(name) if each not in others)


def _tries(name: str) -> Iterator[str]:
    yield name
    for number in range(2, MOST_CLASSES + 2):
        yield f"{name} ({number})"


def _segments_of(stack: StackSource) -> list[_Segment]:
    """What the file says of its values."""
    if is_zarr(stack.path):
        return _zarr_labels(stack.path)
    fields, found = stack.metadata, []
    for number in range(MOST_CLASSES):
        value = fields.get(f"Segment{number}_LabelValue", "")
        if value.isdecimal() and int(value):
            name = fields.get(f"Segment{number}_Name", "").strip()
            layer = fields.get(f"Segment{number}_Layer", "0")
            if not layer.isdecimal() or int(layer) >= stack.channels:
                raise SourceError(
                    f"{stack.path} says that {name or value} is in layer {layer}, which it has not."
                )
            color = _color(fields.get(f"Segment{number}_Color", "").split())
            found.append(_Segment(int(value), name, color, int(layer)))
    return found


def _color(words: list[str]) -> Color | None:
    """Red, green and blue from shares of one."""
    try:
        shares = [float(word) for word in words]
    except ValueError:
        return None
    if len(shares) != 3 or not all(0 <= share <= 1 for share in shares):
        return None
    return round(255 * shares[0]), round(255 * shares[1]), round(255 * shares[2])


def _zarr_labels(path: Path) -> list[_Segment]:
    """The names and colors of an OME-Zarr label image; what is not as the format says is left out."""
    store, group = open_group(path)
    try:
        described = ome_of(group).get("image-label")
    finally:
        store.close()
    if not isinstance(described, dict):
        return []
    colors = {
        each.get("label-value"): tuple(each.get("rgba") or ())[:3] for each in _entries(described, "colors")
    }
    names = {
        each.get("label-value"): str(each.get("class") or each.get("name") or "")
        for each in _entries(described, "properties")
    }
    return [
        _Segment(value, names.get(value, "").strip(), _color_of_bytes(colors.get(value, ())))
        for value in {**colors, **names}
        if isinstance(value, int) and value > 0
    ]


def _color_of_bytes(parts: tuple[Any, ...]) -> Color | None:
    if len(parts) != 3 or not all(isinstance(part, int) and 0 <= part <= 255 for part in parts):
        return None
    return parts[0], parts[1], parts[2]


def _entries(described: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = described.get(name)
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
