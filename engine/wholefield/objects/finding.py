"""Objects of a map: its components, split where they touch if asked, measured and filtered by size."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from wholefield.objects.components import Components, Mask, find_components, neighborhood, tiles_of
from wholefield.objects.measures import NAMES, Boxes, Labels, boxes_of, measured
from wholefield.objects.rules import ObjectRules, Split
from wholefield.progress import ProgressCallback
from wholefield.sources.rect import Rect

Pixels = npt.NDArray[Any]
ReadPixels = Callable[[Rect[int]], Pixels]
"""Gives the values of a region in px."""

LARGEST = 2**26
"""Pixels of the bounding box of a component that is measured: the mask, distances and labels of so many fit in 1 GB."""


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects in the order of their first pixels, row by row; object i has the label i + 1.

    Attributes:
        size: (height, width) of the map.
        names: What the columns of `measures` are: area, centroid_y, centroid_x (from the middle of the first pixel),
            perimeter, eccentricity and solidity, and the mean of every channel; see `measures.measured`.
        measures: (n, columns).
        boxes: Top, left, bottom and right, (n, 4).
        skipped: Components whose bounding box has more than 64 Mpx, which are not among the objects.
    """

    size: tuple[int, int]
    names: tuple[str, ...]
    measures: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.int64]
    skipped: int
    _bits: tuple[bytes, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.boxes)

    def mask(self, index: int) -> Mask:
        """The pixels of an object within its box."""
        top, left, bottom, right = self.boxes[index].tolist()
        shape = bottom - top, right - left
        bits = np.frombuffer(self._bits[index], np.uint8)
        found: Mask = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)
        return found

    def labels(self, rect: Rect[int]) -> npt.NDArray[np.uint32]:
        """The label of every pixel of a region, 0 where no object is."""
        found = np.zeros((rect.height, rect.width), np.uint32)
        top, left, bottom, right = self.boxes.T
        near = (top < rect.bottom) & (bottom > rect.y) & (left < rect.right) & (right > rect.x)
        for index in np.flatnonzero(near).tolist():
            box = Rect(*self._rect(index))
            shared = box.intersected(rect)
            part = self.mask(index)[
                shared.y - box.y : shared.bottom - box.y, shared.x - box.x : shared.right - box.x
            ]
            target = found[
                shared.y - rect.y : shared.bottom - rect.y, shared.x - rect.x : shared.right - rect.x
            ]
            target[part] = index + 1
        return found

    def _rect(self, index: int) -> tuple[int, int, int, int]:
        top, left, bottom, right = self.boxes[index].tolist()
        return left, top, right - left, bottom - top


def find_objects(
    read: ReadPixels,
    foreground: Callable[[Pixels], Mask],
    size: tuple[int, int],
    rules: ObjectRules | None = None,
    *,
    intensities: ReadPixels | None = None,
    channels: int = 0,
    tile: int = 2048,
    progress: ProgressCallback | None = None,
) -> Objects:
    """Find, split, measure and filter the objects of a map; the result does not depend on the tiles.

    A component is split and measured as a whole, whatever tiles it lies in: one within a tile there, one across
    borders in its bounding box, which is read again.

    Args:
        read: Reads a region (h, w) of the map.
        foreground: Says which of its values belong to objects.
        size: (height, width).
        rules: What counts as an object.
        intensities: Reads a region (h, w, channels) of the image whose means are wanted; None for none.
        channels: How many channels that has.
        tile: Side of the tiles in px.
        progress: Called with the steps done and in total.

    Example:
        >>> import numpy as np
        >>> from wholefield.objects import find_objects
        >>> probability = np.zeros((40, 60))
        >>> probability[5:15, 30:50] = 0.9
        >>> def read(rect):
        ...     return probability[rect.y : rect.bottom, rect.x : rect.right]
        >>> found = find_objects(read, lambda values: values >= 0.5, (40, 60), tile=16)
        >>> len(found), found.measures[0, :3].tolist()
        (1, [200.0, 9.5, 39.5])
    """
    rules = rules or ObjectRules()
    count = len(list(tiles_of(size, tile)))

    def tell(done: int, _: int) -> None:
        if progress is not None:
            progress(done, 2 * count)

    components = find_components(
        lambda rect: foreground(read(rect)), size, diagonal=rules.diagonal, tile=tile, progress=tell
    )
    kept = _Kept(NAMES + tuple(f"mean_{number}" for number in range(channels)))
    regions = _regions(read, foreground, components, rules, size, tile, lambda done: tell(count + done, 0))
    for rect, labels in regions:
        kept.add(rect, labels, intensities(rect) if intensities is not None else None, rules)
    return kept.ordered(size, int(np.count_nonzero(_pixels(components.boxes) > LARGEST)))


def split(mask: Mask, values: Pixels, rules: ObjectRules) -> Labels:
    """The objects of one component.

    Args:
        mask: The component (h, w) in its bounding box.
        values: The map there.
        rules: How to split.

    Returns:
        Their numbers from 1 on, 0 outside of the component.
    """
    whole = mask.astype(np.int32)
    if rules.split is Split.NONE:
        return whole
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    peaks = peak_local_max(distance, min_distance=rules.distance, labels=whole, exclude_border=False)
    if len(peaks) < 2:
        return whole
    markers = np.zeros_like(whole)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    relief = -distance if rules.split is Split.DISTANCE else -values.astype(np.float64)
    found: Labels = watershed(relief, markers, connectivity=neighborhood(rules.diagonal), mask=mask)
    return found


def _pixels(boxes: Boxes) -> Boxes:
    found: Boxes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return found


def _regions(
    read: ReadPixels,
    foreground: Callable[[Pixels], Mask],
    components: Components,
    rules: ObjectRules,
    size: tuple[int, int],
    tile: int,
    done: Callable[[int], None],
) -> Iterator[tuple[Rect[int], Labels]]:
    """The objects of every component, once: in the tile that it lies in, or else in its bounding box."""
    wanted = (_pixels(components.boxes) <= LARGEST) & (components.areas >= rules.smallest)
    across = -(-size[1] // tile)
    tile_of = components.first[:, 0] // tile * across + components.first[:, 1] // tile
    order = np.argsort(tile_of, kind="stable")
    ends = np.searchsorted(tile_of[order], np.arange(-(-size[0] // tile) * across + 1))
    for number, rect in enumerate(tiles_of(size, tile)):
        here = order[ends[number] : ends[number + 1]]
        inside = here[wanted[here] & components.whole[here]]
        across_borders = here[wanted[here] & ~components.whole[here]]
        groups = [(rect, inside)] if len(inside) else []
        for index in across_borders:
            top, left, bottom, right = components.boxes[index].tolist()
            groups.append((Rect(left, top, right - left, bottom - top), np.array([index])))
        for region, indices in groups:
            values = read(region)
            yield region, _objects_of(values, foreground(values), region, components, indices, rules)
        done(number + 1)


def _objects_of(
    values: Pixels,
    mask: Mask,
    rect: Rect[int],
    components: Components,
    wanted: npt.NDArray[np.int64],
    rules: ObjectRules,
) -> Labels:
    """The objects of some components that lie within a region, numbered from 1."""
    pieces, count = ndimage.label(mask, neighborhood(rules.diagonal))
    rows, columns = components.first[wanted].T
    numbers = pieces[rows - rect.y, columns - rect.x]
    if rules.split is Split.NONE:
        new = np.zeros(count + 1, np.int32)
        new[numbers] = np.arange(1, len(numbers) + 1)
        kept: Labels = new[pieces]
        return kept
    found, objects = np.zeros(mask.shape, np.int32), 0
    for number, box in zip(numbers.tolist(), components.boxes[wanted].tolist(), strict=True):
        part = slice(box[0] - rect.y, box[2] - rect.y), slice(box[1] - rect.x, box[3] - rect.x)
        labels = split(pieces[part] == number, values[part], rules)
        found[part][labels > 0] = labels[labels > 0] + objects
        objects += int(labels.max())
    return found


class _Kept:
    """The objects so far, in no order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._measures, self._boxes, self._first = array("d"), array("q"), array("q")
        self._bits: list[bytes] = []

    def add(self, rect: Rect[int], labels: Labels, intensities: Pixels | None, rules: ObjectRules) -> None:
        """Measure the objects of a region, and keep those of the right size."""
        areas = np.bincount(labels.ravel())
        right = areas >= rules.smallest
        if rules.largest is not None:
            right &= areas <= rules.largest
        right[0] = False
        new = np.zeros(len(areas), np.int32)
        new[right] = np.arange(1, np.count_nonzero(right) + 1)
        labels = new[labels]
        boxes = boxes_of(labels)
        if not len(boxes):
            return
        if intensities is not None and intensities.ndim == 2:
            intensities = intensities[..., None]
        self._measures.frombytes(measured(labels, boxes, (rect.y, rect.x), intensities).tobytes())
        self._boxes.frombytes((boxes + [rect.y, rect.x] * 2).tobytes())
        for number, (top, left, bottom, end) in enumerate(boxes.tolist(), 1):
            mask = labels[top:bottom, left:end] == number
            self._first.extend((top + rect.y, left + rect.x + int(mask[0].argmax())))
            self._bits.append(np.packbits(mask).tobytes())

    def ordered(self, size: tuple[int, int], skipped: int) -> Objects:
        """All objects in the order of their first pixels."""
        count = len(self._bits)
        first = np.array(self._first, np.int64).reshape(count, 2)
        order = np.lexsort((first[:, 1], first[:, 0]))
        measures = np.array(self._measures, np.float64).reshape(count, len(self._names))
        boxes = np.array(self._boxes, np.int64).reshape(count, 4)
        bits = tuple(self._bits[index] for index in order.tolist())
        return Objects(size, self._names, measures[order], boxes[order], skipped, bits)
