"""The shapes on one slide: which there are, and every edit of them as a step that can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wholefield.labels.history import History
from wholefield.labels.index import Bounds, BoundsIndex
from wholefield.labels.shapes import Shape, areas_of
from wholefield.sources.rect import Rect

Number = int
"""What an edit calls a shape by, and its place from bottom to top."""


class Annotations:
    """Shapes in pixels of level 0, from bottom to top.

    Every edit is one step of the history; it changes the shapes near it and no others, however many there are.

    Attributes:
        history: What can be undone.
        revision: A number that grows with every change, also by undo.

    Example:
        >>> from wholefield.labels import Annotations, rectangle, stroke
        >>> labels = Annotations()
        >>> labels.paint(rectangle(0, 0, 10, 10), value=1)
        >>> labels.paint(stroke([(10, 5), (20, 5)], 2), value=1)
        >>> len(labels)
        1
        >>> labels.history.undo(), round(labels.areas()[1])
        (True, 100)
    """

    def __init__(self, shapes: Iterable[Shape] = ()) -> None:
        """Take over some shapes, the lowest first; this is no step to undo."""
        self.history = History()
        self.revision = 0
        self._shapes: dict[Number, Shape] = {}
        self._index = BoundsIndex()
        self._next = 0
        for shape in shapes:
            self._set(self._number(), shape)

    def __len__(self) -> int:
        return len(self._shapes)

    def __iter__(self) -> Iterator[Shape]:
        return (self._shapes[number] for number in sorted(self._shapes))

    def __getitem__(self, number: Number) -> Shape:
        return self._shapes[number]

    def items(self) -> Iterator[tuple[Number, Shape]]:
        """Numbers and shapes, from bottom to top."""
        return ((number, self._shapes[number]) for number in sorted(self._shapes))

    def within(self, rect: Rect[float]) -> list[tuple[Number, Shape]]:
        """The shapes whose bounds meet a rectangle, from bottom to top."""
        bounds = (rect.x, rect.y, rect.right, rect.bottom)
        numbers = sorted(self._index.near(bounds))
        return [(n, self._shapes[n]) for n in numbers if _meet(self._shapes[n].geometry.bounds, bounds)]

    def at(self, x: float, y: float) -> Number | None:
        """The topmost shape at a position; None where there is none."""
        point = shapely.Point(x, y)
        for number, shape in reversed(self.within(Rect(x, y, 0.0, 0.0))):
            if shape.geometry.intersects(point):
                return number
        return None

    def areas(self) -> dict[int, float]:
        """The area of every class in px of level 0, overlaps counted for each shape."""
        found: dict[int, float] = {}
        for shape in self._shapes.values():
            found[shape.value] = found.get(shape.value, 0.0) + shape.geometry.area
        return found

    def counts(self) -> dict[int, int]:
        """How many shapes every class has."""
        found: dict[int, int] = {}
        for shape in self._shapes.values():
            found[shape.value] = found.get(shape.value, 0) + 1
        return found

    def add(self, *shapes: Shape) -> list[Number]:
        """Put shapes on top, each by itself; returns their numbers."""
        numbers = [self._number() for _ in shapes]
        self._edit(dict(zip(numbers, shapes, strict=True)))
        return numbers

    def paint(self, geometry: BaseGeometry, value: int, locked: frozenset[int] = frozenset()) -> None:
        """Give an area to a class: it joins the shapes of that class that it touches and is cut out of all others.

        Args:
            geometry: The area, in px of level 0.
            value: The class.
            locked: Classes whose shapes must stay; the area ends at them, as at locked shapes.
        """
        touched = self._touched(geometry)
        for number in [n for n, each in touched.items() if self._stays(each, locked, value)]:
            geometry = shapely.difference(geometry, touched.pop(number).geometry)
        edits: dict[Number, Shape | None] = {}
        joined = [number for number, shape in touched.items() if shape.value == value]
        parts = [geometry, *(touched[number].geometry for number in joined)]
        for number, shape in touched.items():
            edits[number] = None if number in joined else _cut(shape, geometry)
        area = areas_of(shapely.union_all(parts))
        if not area.is_empty:
            number = joined[0] if joined else self._number()
            kept = touched[number] if joined else Shape(area, value)
            edits[number] = replace(kept, geometry=area)
        self._edit(edits)

    def erase(self, geometry: BaseGeometry, locked: frozenset[int] = frozenset()) -> None:
        """Cut an area out of all shapes, except out of locked ones and those of locked classes."""
        touched = self._touched(geometry)
        self._edit({n: _cut(each, geometry) for n, each in touched.items() if not self._stays(each, locked)})

    def remove(self, *numbers: Number) -> None:
        """Delete shapes."""
        self._edit(dict.fromkeys(numbers))

    def change(self, number: Number, shape: Shape) -> None:
        """Put another shape in the place of one; without area it is deleted."""
        area = areas_of(shape.geometry)
        self._edit({number: None if area.is_empty else replace(shape, geometry=area)})

    def move(self, number: Number, dx: float, dy: float) -> None:
        """Move a shape, by px of level 0."""
        shape = self._shapes[number]
        moved = shapely.transform(shape.geometry, lambda points: points + np.array([dx, dy]))
        self._edit({number: replace(shape, geometry=moved)})

    def merge(self, *numbers: Number) -> None:
        """Make one shape of several, in the place and with the class of the first."""
        parts = [self._shapes[number].geometry for number in numbers]
        first = replace(self._shapes[numbers[0]], geometry=areas_of(shapely.union_all(parts)))
        self._edit({numbers[0]: first, **dict.fromkeys(numbers[1:])})

    def reassign(self, old: int, new: int | None) -> None:
        """Give all shapes of a class to another; None deletes them."""
        edits: dict[Number, Shape | None] = {}
        for number, shape in self._shapes.items():
            if shape.value == old:
                edits[number] = None if new is None else replace(shape, value=new)
        self._edit(edits)

    def _touched(self, geometry: BaseGeometry) -> dict[Number, Shape]:
        if geometry.is_empty:
            return {}
        shapely.prepare(geometry)
        near = sorted(self._index.near(geometry.bounds))
        return {n: self._shapes[n] for n in near if geometry.intersects(self._shapes[n].geometry)}

    @staticmethod
    def _stays(shape: Shape, locked: frozenset[int], value: int | None = None) -> bool:
        return shape.locked or (shape.value in locked and shape.value != value)

    def _edit(self, edits: Mapping[Number, Shape | None]) -> None:
        """Make one step: the shape of every number, None for none."""
        if edits:
            change = _Edit(self, dict(edits))
            change.swap()
            self.history.add(change)

    def _set(self, number: Number, shape: Shape | None) -> None:
        old = self._shapes.pop(number, None)
        if old is not None:
            self._index.remove(number, old.geometry.bounds)
        if shape is not None:
            self._shapes[number] = shape
            self._index.add(number, shape.geometry.bounds)
        self.revision += 1

    def _number(self) -> Number:
        self._next += 1
        return self._next


@dataclass
class _Edit:
    """The shapes that an edit is about to put in, and after that those that it replaced."""

    annotations: Annotations
    shapes: dict[Number, Shape | None]

    def swap(self) -> None:
        before = {number: self.annotations._shapes.get(number) for number in self.shapes}
        for number, shape in self.shapes.items():
            self.annotations._set(number, shape)
        self.shapes = before


def _cut(shape: Shape, geometry: BaseGeometry) -> Shape | None:
    left = areas_of(shapely.difference(shape.geometry, geometry))
    return None if left.is_empty else replace(shape, geometry=left)


def _meet(a: Bounds, b: Bounds) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
