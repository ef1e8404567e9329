"""Ranges of positions along one axis and boxes of them along several: the one type for a part of an image."""

from collections.abc import Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""A half-open range of positions: (start, stop)."""

Spans: TypeAlias = tuple[Span, ...]
"""A box: one range per axis."""


def extent(span: Span) -> int:
    """Number of positions of a range."""
    return span[1] - span[0]


def is_empty(spans: Spans) -> bool:
    """Whether a box holds no position."""
    return any(start >= stop for start, stop in spans)


def hull(boxes: Sequence[Spans]) -> Spans:
    """The smallest box around some boxes."""
    return tuple((min(s[0] for s in along), max(s[1] for s in along)) for along in zip(*boxes, strict=True))


def intersection(one: Spans, other: Spans) -> Spans:
    """What two boxes share."""
    return tuple((max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(one, other, strict=True))
