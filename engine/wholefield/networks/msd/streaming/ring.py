"""Rows kept in rings, and where the taps of a layer lie across them: integers only."""

from collections.abc import Iterator
from dataclasses import dataclass


def ring_pieces(first: int, end: int, *lengths: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows that do not wrap around in any ring of the given lengths."""
    while first < end:
        stop = min([end, *(first - first % length + length for length in lengths)])
        yield first, stop
        first = stop


@dataclass(frozen=True)
class Scatter:
    """A range of rows of line sums and the rows of the result that they are added to.

    Attributes:
        tap: Which tap across rows, 0 to 2.
        first: First row read.
        end: Row behind the last.
        target: Row of the result that the first row is added to.
        mirrored: Whether the target rows run backwards from there.
    """

    tap: int
    first: int
    end: int
    target: int
    mirrored: bool = False


def scatters(first: int, end: int, dilation: int, length: int) -> Iterator[Scatter]:
    """Where rows [first, end) of the line sums of a layer are added: the symmetric border read the other way round."""
    yield Scatter(1, first, end, first)
    stop = min(end, length - dilation)
    if first < stop:
        yield Scatter(0, first, stop, first + dilation)
    stop = min(end, dilation)
    if first < stop:
        yield Scatter(0, first, stop, dilation - 1 - first, mirrored=True)
    start = max(first, dilation)
    if start < end:
        yield Scatter(2, start, end, start - dilation)
    start = max(first, length - dilation)
    if start < end:
        yield Scatter(2, start, end, 2 * length - 1 - dilation - start, mirrored=True)
