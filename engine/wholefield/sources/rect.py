"""An upright rectangle: the one that slides, regions of labels and the window's views are described by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Number = TypeVar("Number", int, float, covariant=True)


@dataclass(frozen=True)
class Rect(Generic[Number]):
    """An upright rectangle, in pixels of level 0 unless said otherwise: whole ones, or fractions of them.

    It unpacks like a tuple: `x, y, width, height = rect`.

    Attributes:
        x: Left edge.
        y: Top edge.
        width: Width; the rectangle ends before x + width.
        height: Height; it ends before y + height.

    Example:
        >>> from wholefield.sources import Rect
        >>> Rect(10, 20, 30, 5).intersected(Rect(0, 0, 15, 100))
        Rect(x=10, y=20, width=5, height=5)
    """

    x: Number
    y: Number
    width: Number
    height: Number

    def __iter__(self) -> Iterator[Number]:
        return iter((self.x, self.y, self.width, self.height))

    @property
    def right(self) -> Number:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> Number:
        """Bottom edge."""
        return self.y + self.height

    @property
    def empty(self) -> bool:
        """Whether it covers nothing."""
        return self.width <= 0 or self.height <= 0

    def intersected(self, other: Rect[Number]) -> Rect[Number]:
        """What both have in common; its width or height is 0 where they have nothing in common."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(right - x, 0), max(bottom - y, 0))
